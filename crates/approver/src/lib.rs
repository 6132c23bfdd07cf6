//! The approver's side: opens what an enforcer asks, shows it, signs the answer.
//!
//! It shows nothing that its paired enforcer did not sign, signs nothing but what it showed, and
//! answers a request once. It decides nothing itself, and of a relay it believes nothing: the
//! worst that a relay can do here is to keep a request or an answer back.
//!
//! ```no_run
//! use countersign_approver::{Desk, Home, Pairings, Relay, Reply, unlock};
//! # async fn example(relay: impl Relay, now: countersign_core::time::Instant,
//! #     source: &mut dyn countersign_approver::PassphraseSource,
//! #     random: &mut (dyn FnMut(&mut [u8]) + Send)) -> Result<(), Box<dyn std::error::Error>> {
//! let home = Home::open("/home/ada/.countersign")?;
//! let pairings = Pairings::of(&home);
//! for pairing in pairings.list()? {
//!     let keys = unlock(&pairings, &pairing, source)?;
//!     let desk = Desk::new(&home, pairing, keys.into(), &relay);
//!     desk.resend(now).await?;
//!     for item in desk.list(now).await? {
//!         if let Ok(opened) = item.content {
//!             desk.answer(&opened, &Reply::deny(Some("not now".into())), now, random).await?;
//!         }
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Rooms, along the way of a request
//! * [`join`]: how this device becomes an approver; [`pairings`]: with whom it is paired.
//! * [`mod@unlock`], [`keyfile`], [`passphrase`]: its keys, and what it takes to use them;
//!   [`local`]: the key of the person at the enforcer's own terminal.
//! * [`desk`]: one pairing at work: list, answer, send again; [`relay`]: what that needs.
//! * [`mod@open`]: from a delivered message to a request that may be shown.
//! * [`review`]: what a person reads; [`mod@sign`]: what they sign; [`always`]: and for how long;
//!   [`look`]: the digits that a critical call takes.
//! * `told`: how far the others are, as the enforcer says.
//! * [`history`]: what was asked and answered; [`home`]: the directory of it all.

pub mod always;
pub mod desk;
pub mod history;
pub mod home;
pub mod join;
pub mod keyfile;
pub mod local;
pub mod look;
pub mod open;
pub mod pairings;
pub mod passphrase;
pub mod relay;
pub mod review;
pub mod sign;
mod told;
pub mod unlock;

pub use desk::{Desk, Item};
pub use home::Home;
pub use open::Opened;
pub use pairings::{Pairing, PairingName, Pairings};
pub use passphrase::Passphrase;
pub use relay::{PairingRelay, Relay, RelayError};
pub use review::{Review, render_so_far, render_text, so_far_line};
pub use sign::{Reply, Verdict};
pub use unlock::{PassphraseSource, unlock};

#[cfg(test)]
mod fixture;
