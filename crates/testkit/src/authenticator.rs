//! An authenticator in software, which signs whatever a test wants.

use countersign_core::encoding::{Blob, Fixed, Hash, base64};
use countersign_core::passkey::{Assertion, Passkey, PasskeyAlg};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};

/// Its person is present and was verified.
pub const VERIFIED: u8 = 0x05;

/// One passkey, and what its authenticator and browser say of a signature.
pub struct Authenticator {
    key: SigningKey,
    /// Under which name it signs.
    pub rp_id: String,
    /// In which page.
    pub origin: String,
    /// What it says of its person.
    pub flags: u8,
    /// What the browser says it was asked for.
    pub kind: String,
    /// More members of `clientDataJSON`, each behind a comma.
    pub more: String,
}

impl Authenticator {
    /// The passkey whose secret is `n`, in the page of a relay.
    ///
    /// # Panics
    /// Where `n` is 0, which is no secret.
    #[must_use]
    pub fn new(n: u8) -> Self {
        #[allow(clippy::expect_used, reason = "a test that starts with no key has failed")]
        let key = SigningKey::from_slice(&[n; 32]).expect("a number below the order");
        Self {
            key,
            rp_id: "relay.example".into(),
            origin: "https://relay.example".into(),
            flags: VERIFIED,
            kind: "webauthn.get".into(),
            more: r#","crossOrigin":false"#.into(),
        }
    }

    /// What somebody pins of it.
    #[must_use]
    pub fn passkey(&self) -> Passkey {
        let point = self.key.verifying_key().to_sec1_point(false);
        let mut public_key = [0; 64];
        public_key.iter_mut().zip(point.as_bytes().iter().skip(1)).for_each(|(to, b)| *to = *b);
        Passkey {
            alg: PasskeyAlg::Es256,
            public_key: Fixed(public_key),
            rp_id: self.rp_id.clone(),
            origin: self.origin.clone(),
        }
    }

    /// Signs a challenge as it says.
    #[must_use]
    pub fn assert(&self, challenge: &Hash) -> Assertion {
        self.sign(self.data(), self.client_data(challenge))
    }

    /// What the browser says.
    #[must_use]
    pub fn client_data(&self, challenge: &Hash) -> String {
        let (kind, origin, more) = (&self.kind, &self.origin, &self.more);
        let challenge = base64(&challenge.0);
        format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}"{more}}}"#)
    }

    /// What the authenticator says: name, flags, a counter of 7.
    #[must_use]
    pub fn data(&self) -> [u8; 37] {
        let mut data = [0; 37];
        let said = [&Hash::of(self.rp_id.as_bytes()).0[..], &[self.flags, 0, 0, 0, 7]].concat();
        data.iter_mut().zip(said).for_each(|(to, b)| *to = b);
        data
    }

    /// Signs exactly these two.
    #[must_use]
    pub fn sign(&self, data: [u8; 37], client_data: String) -> Assertion {
        let mut made = Assertion {
            authenticator_data: Fixed(data),
            client_data: Blob(client_data.into_bytes()),
            signature: Blob::default(),
        };
        let signature: Signature = self.key.sign(&made.signable());
        made.signature = Blob(signature.to_der().as_bytes().to_vec());
        made
    }
}
