//! The operator's key as a home keeps it: in a file, or by the name of a program that holds it.

use super::{Home, HomeError};
use crate::edge::Edge;
use crate::signer::{Program, Signer};
use countersign_core::encoding::Fixed;
use countersign_core::keys::{KeyError, PublicKeys, SecretKeys, key_id};
use countersign_core::time::Timestamp;
use countersign_store::files::{self, FileError, Target};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// The operator's key and the name of this device.
pub struct Identity {
    /// Signs receipts and artifacts, and proves possession to gateways.
    pub keys: Arc<SecretKeys>,
    /// Random, made with the key.
    pub device_id: String,
    /// Since when.
    pub created_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct OperatorFile {
    #[serde(rename = "type")]
    kind: OperatorType,
    device_id: String,
    created_at: Timestamp,
    /// The 64 secret bytes. The operator signs in milliseconds without a person, so its key rests
    /// unencrypted in a file that only the enforcer's user can read (PROTOCOL §8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<Fixed<64>>,
    /// Instead of them, where a program holds the signing key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held: Option<Held>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Held {
    /// The pinned public half.
    keys: PublicKeys,
    /// Opens answers, and signs nothing.
    exchange_secret: Fixed<32>,
    signer: Program,
}

impl OperatorFile {
    fn keys(&self) -> Result<SecretKeys, KeyError> {
        match (&self.secret, &self.held) {
            (Some(secret), None) => SecretKeys::from_bytes(&secret.0),
            (None, Some(Held { keys, exchange_secret, signer })) => {
                let signer = Signer::new(signer.clone(), keys.key_id());
                SecretKeys::held(*keys, exchange_secret.0, Arc::new(signer))
            }
            // Either it is here or elsewhere.
            _ => Err(KeyError::BadKey),
        }
    }

    /// Whether a program holds the key.
    pub(crate) fn is_held(&self) -> bool {
        self.held.is_some()
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) enum OperatorType {
    #[serde(rename = "countersign.operator/v1")]
    V1,
}

impl Home {
    /// The operator's identity; `None` where this home never was an enforcer's.
    ///
    /// # Errors
    /// Where the file is unreadable or damaged.
    pub fn identity(&self) -> Result<Option<Identity>, HomeError> {
        let path = self.operator_path();
        let Some(file) = files::read::<OperatorFile>(&path)? else { return Ok(None) };
        let unusable = |source| HomeError::Key { path: path.clone(), source };
        let keys = Arc::new(file.keys().map_err(unusable)?);
        Ok(Some(Identity { keys, device_id: file.device_id, created_at: file.created_at }))
    }

    /// The operator's identity, made on first use; the process that writes first wins.
    ///
    /// # Errors
    /// Where it can be neither read nor made.
    pub fn identity_or_new(&self, edge: &Edge) -> Result<Identity, HomeError> {
        if let Some(identity) = self.identity()? {
            return Ok(identity);
        }
        let file = OperatorFile {
            kind: OperatorType::V1,
            device_id: format!("enf_{}", edge.id()?),
            created_at: edge.now().timestamp(),
            secret: Some(Fixed(edge.random()?)),
            held: None,
        };
        match files::write(&self.operator_path(), &file, Target::New) {
            Ok(()) | Err(FileError::Exists(_)) => {}
            Err(error) => return Err(error.into()),
        }
        self.identity()?.ok_or(HomeError::NoOperator)
    }

    /// Makes the operator's identity around a signing key that a program holds, in a home that has
    /// none yet. The program shows that it has the key before anything is written.
    ///
    /// # Errors
    /// Where the home has an operator, the program does not sign with this key, or something cannot
    /// be written.
    pub fn identity_held(
        &self,
        edge: &Edge,
        signing: &[u8; 32],
        program: Program,
    ) -> Result<Identity, HomeError> {
        let path = self.operator_path();
        if path.exists() {
            return Err(FileError::Exists(path).into());
        }
        let exchange = edge.random()?;
        let signer = Arc::new(Signer::new(program.clone(), key_id(signing)));
        let keys = SecretKeys::held_new(signing, exchange, signer);
        let keys = keys.map_err(|source| HomeError::Key { path: path.clone(), source })?;
        let held = Held { keys: *keys.public(), exchange_secret: Fixed(exchange), signer: program };
        let file = OperatorFile {
            kind: OperatorType::V1,
            device_id: format!("enf_{}", edge.id()?),
            created_at: edge.now().timestamp(),
            secret: None,
            held: Some(held),
        };
        files::write(&path, &file, Target::New)?;
        self.identity()?.ok_or(HomeError::NoOperator)
    }

    /// The operator's key as it is kept.
    pub(crate) fn operator_file(&self) -> Result<Option<OperatorFile>, HomeError> {
        Ok(files::read(&self.operator_path())?)
    }

    pub(crate) fn operator_path(&self) -> PathBuf {
        self.root.join("keys").join("operator.json")
    }
}
