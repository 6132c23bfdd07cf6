//! Who answers in the demo: a person at this terminal, another shell, or a flag.

use super::{PATIENCE, Scene};
use crate::commands::{Here, show};
use crate::failure::{Exit, Failure};
use crate::tty::{Key, Tty};
use countersign_approver::sign::Reply;
use countersign_approver::{Opened, Review, render_text};
use countersign_core::display::counted;
use countersign_enforcer::Edge;
use std::io;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Who answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Person {
    /// A flag says yes.
    Approves,
    /// A flag says no.
    Denies,
    /// A flag says nothing until it is too late.
    Sleeps,
    /// Somebody sits here.
    AtTheTerminal,
    /// Somebody may answer from another shell.
    Elsewhere,
}

impl Person {
    /// How long the request waits.
    pub(super) fn patience(self) -> Duration {
        match self {
            Self::Sleeps => Duration::from_secs(2),
            Self::Approves | Self::Denies | Self::AtTheTerminal | Self::Elsewhere => PATIENCE,
        }
    }

    /// Answers what lies in the approver's inbox.
    pub(super) async fn answer(
        self,
        here: &Here<'_>,
        scene: &Scene,
        mut submitted: watch::Receiver<bool>,
    ) -> Result<(), Failure> {
        // An error means that asking has ended already.
        if self == Self::Sleeps || submitted.wait_for(|yes| *yes).await.is_err() {
            return Ok(());
        }
        let Some(opened) = delivered(scene).await? else { return Ok(()) };
        let review = Review::of(&opened);
        let reply = match self {
            Self::Elsewhere => {
                self.say_how(here, scene, &review);
                return Ok(());
            }
            Self::Sleeps => return Ok(()),
            Self::Approves => Some(Reply::allow()),
            Self::Denies => Some(Reply::deny(Some("keep it, I still need it".into()))),
            Self::AtTheTerminal => {
                let color = here.output.color();
                here.output.progress(&format!("\n{}", render_text(&review, show::width(), color)));
                let asked = tokio::task::spawn_blocking(at_the_terminal).await;
                let failed = |e: String| Failure::new(Exit::Failed, "no_terminal", e);
                asked.map_err(|e| failed(e.to_string()))?.map_err(|e| failed(e.to_string()))?
            }
        };
        let Some(reply) = reply else { return Ok(()) };
        here.output.progress("   opened, hash and enforcer's signature checked, answer signed");
        let edge = Edge::system();
        // Without randomness a nonce would repeat: the process ends before anything is signed.
        let mut fill = |bytes: &mut [u8]| {
            if edge.fill(bytes).is_err() {
                std::process::abort();
            }
        };
        scene.desk.answer(&opened, &reply, edge.now(), &mut fill).await?;
        Ok(())
    }

    fn say_how(self, here: &Here<'_>, scene: &Scene, review: &Review) {
        here.output.progress(&format!(
            "   Waiting {} seconds for an answer from another shell:\n   \
             {} --home '{}' approve {} --passphrase-file '{}'",
            self.patience().as_secs(),
            super::myself(),
            scene.approver_home().display(),
            review.request_id,
            scene.passphrase_file().display()
        ));
    }
}

/// The first thing that reaches the approver's inbox.
async fn delivered(scene: &Scene) -> Result<Option<Opened>, Failure> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        let now = Edge::system().now();
        let items = scene.desk.list(now).await?;
        if let Some(opened) = items.into_iter().find_map(|item| item.content.ok()) {
            return Ok(Some(*opened));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(None)
}

fn at_the_terminal() -> io::Result<Option<Reply>> {
    let mut tty = Tty::open()?;
    tty.forget_typed()?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            tty.say("\r\n")?;
            return Ok(None);
        }
        let seconds = left.as_secs();
        tty.say(&format!(
            "\r\x1b[K[a] Approve  [d] Deny   auto-deny in {} ",
            counted(seconds, "second")
        ))?;
        match tty.key(left.min(Duration::from_secs(1)))? {
            Key::Byte(b'a' | b'A') => {
                tty.say("\r\n")?;
                return Ok(Some(Reply::allow()));
            }
            Key::Byte(b'd' | b'D') | Key::Stop => {
                tty.say("\r\n")?;
                return Ok(Some(Reply::deny(None)));
            }
            _ => {}
        }
    }
}
