//! The stage: a gateway, an agent's home and an approver's home that meet only through it.

use crate::args::PassphraseArgs;
use crate::commands::gateway;
use crate::failure::{Exit, Failure};
use crate::parties;
use crate::reviewer;
use countersign_approver::home::Home;
use countersign_approver::join::{Compare, Invitation, NewDevice, join};
use countersign_approver::keyfile::{KeyFileEntropy, Work};
use countersign_approver::pairings::PairingName;
use countersign_approver::{Desk, Passphrase};
use countersign_client::Client;
use countersign_core::artifact::Assurance;
use countersign_core::keys::SecretKeys;
use countersign_core::pairing::{Code, Digits, Link};
use countersign_core::trust::TrustStore;
use countersign_enforcer::edge::NoEntropy;
use countersign_enforcer::pairing::{self, Candidate, meet};
use countersign_enforcer::{Edge, Enforcer, Relays, Way};
use countersign_gateway::{Config, serve};
use countersign_store::files;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Everything that the demo plays with.
pub(super) struct Scene {
    pub(super) root: PathBuf,
    pub(super) target: PathBuf,
    pub(super) trust: PathBuf,
    pub(super) enforcer: Enforcer,
    pub(super) relays: Relays,
    pub(super) desk: Desk<Client>,
    /// The gateway ends with it.
    _stop: oneshot::Sender<()>,
}

fn failed(what: &str) -> impl Fn(std::io::Error) -> Failure + '_ {
    move |e| Failure::new(Exit::Failed, "demo", format!("cannot make {what}: {e}"))
}

fn no_entropy(error: NoEntropy) -> Failure {
    Failure::new(Exit::Failed, "entropy", error.to_string())
}

impl Scene {
    /// Makes the directories, starts the gateway and pairs the two homes by link.
    pub(super) async fn set() -> Result<Self, Failure> {
        let edge = Edge::system();
        let id = edge.id().map_err(no_entropy)?;
        let root = std::env::temp_dir().join(format!("countersign-demo-{id}"));
        files::private_dir(&root)?;
        let target = build_directory(&root).map_err(failed("the demo's files"))?;
        let (url, stop) = start_gateway(&root).await?;
        let enforcer = parties::enforcer(&root.join("agent")).await?;
        let desk = pair(&root, &url, &enforcer, &edge).await?;
        let relays = parties::relays(enforcer.identity(), &enforcer.home().pairings()?)?;
        let trust = root.join("trust.json");
        Ok(Self { root, target, trust, enforcer, relays, desk, _stop: stop })
    }

    /// How many files are at stake.
    pub(super) fn files(&self) -> usize {
        std::fs::read_dir(&self.target).map_or(0, Iterator::count)
    }

    /// The one approver.
    pub(super) fn ways(&self) -> Result<Vec<Way>, Failure> {
        Ok(self.enforcer.ways()?)
    }

    /// Writes the pinned keys to a file, for whoever verifies the receipt.
    pub(super) fn export_trust(&self) -> Result<TrustStore, Failure> {
        let store = self.enforcer.trust()?;
        files::write(&self.trust, &store, files::Target::Replace)?;
        Ok(store)
    }

    /// The passphrase of the approver's key, for `countersign approve` from another shell.
    pub(super) fn passphrase_file(&self) -> PathBuf {
        passphrase_file(&self.root)
    }

    /// The approver's home.
    pub(super) fn approver_home(&self) -> PathBuf {
        self.root.join("approver")
    }
}

fn passphrase_file(root: &Path) -> PathBuf {
    root.join("passphrase")
}

fn build_directory(root: &Path) -> std::io::Result<PathBuf> {
    let target = root.join("project").join("build");
    std::fs::create_dir_all(&target)?;
    for name in ["app.o", "cache.bin", "index.html"] {
        std::fs::write(target.join(name), format!("{name}\n"))?;
    }
    Ok(target)
}

async fn start_gateway(root: &Path) -> Result<(String, oneshot::Sender<()>), Failure> {
    let relay = gateway::open(&root.join("gateway"), Config::default())?;
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed("a listener"))?;
    let address = listener.local_addr().map_err(failed("a listener"))?;
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(async move {
        // What goes wrong here shows as a gateway that cannot be reached.
        let _ = serve(listener, relay, async {
            let _ = stopped.await;
        })
        .await;
    });
    Ok((format!("http://{address}"), stop))
}

async fn pair(
    root: &Path,
    url: &str,
    enforcer: &Enforcer,
    edge: &Edge,
) -> Result<Desk<Client>, Failure> {
    let identity = enforcer.identity();
    let client = parties::client(identity, url)?;
    let keys = *identity.keys.public();
    let (announce, announced) = oneshot::channel();
    let mut desk = Announce(Some(announce));
    let (met, joined) =
        tokio::join!(meet(&client, &identity.device_id, keys, url, edge, &mut desk), async {
            let link = announced
                .await
                .map_err(|_| Failure::new(Exit::Failed, "demo", "the gateway gave no code"))?;
            join_by(root, &link, edge).await
        },);
    joined?;
    let candidate = Candidate::new(&met?, "you", Vec::new(), Assurance::Local, edge);
    enforcer.admit(candidate, &Relays::new(), 1_000, &|_| {}).await?;
    let here = crate::commands::Here {
        root: root.join("approver"),
        output: &crate::output::Output::new(true),
        only_now: None,
    };
    let args = PassphraseArgs { passphrase_file: Some(passphrase_file(root)), keyring: false };
    let desk = reviewer::desks(&here, &args)?.pop();
    desk.ok_or_else(|| Failure::new(Exit::Failed, "demo", "the pairing did not last"))
}

/// Joins as the approver, with a random passphrase that is kept in a file of the demo's.
async fn join_by(root: &Path, link: &str, edge: &Edge) -> Result<(), Failure> {
    let passphrase = edge.id().map_err(no_entropy)?;
    std::fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(passphrase_file(root))
        .and_then(|mut file| file.write_all(passphrase.as_bytes()))
        .map_err(failed("a passphrase file"))?;
    let invitation = Invitation::parse(link, None)?;
    let secret = zeroize::Zeroizing::new(edge.random::<64>().map_err(no_entropy)?);
    let keys = SecretKeys::from_bytes(&secret)
        .map_err(|e| Failure::new(Exit::Failed, "key", e.to_string()))?;
    let keys = Arc::new(keys);
    let device_id = format!("app_{}", edge.id().map_err(no_entropy)?);
    let gateway = reviewer::client(invitation.relay().as_str(), &device_id, &keys)?;
    let device = NewDevice {
        name: PairingName::parse("demo-agent")?,
        device_id,
        keys: &keys,
        r2: edge.random().map_err(no_entropy)?,
        passphrase: &Passphrase::new(passphrase),
        work: Work::DEFAULT,
        entropy: KeyFileEntropy {
            salt: edge.random().map_err(no_entropy)?,
            nonce: edge.random().map_err(no_entropy)?,
        },
    };
    let home = Home::open(parties::approver_root(&root.join("approver")))?;
    join(&home, &gateway, &invitation, device, &mut NothingToCompare, edge.now()).await?;
    Ok(())
}

/// Hands the link from one side to the other, as a person would with a camera.
struct Announce(Option<oneshot::Sender<zeroize::Zeroizing<String>>>);

impl pairing::Desk for Announce {
    fn announce(&mut self, _: &Code, link: &Link) {
        if let Some(announce) = self.0.take() {
            let _ = announce.send(link.to_text());
        }
    }

    async fn same_digits(&mut self, _: &Digits) -> bool {
        false
    }
}

/// A link needs no comparison; should anybody ask for one, the answer is no.
struct NothingToCompare;

impl Compare for NothingToCompare {
    async fn same(&mut self, _: Digits) -> bool {
        false
    }
}
