//! The four digits that a yes to a critical call takes, as on every device of an approver.

use crate::failure::{Exit, Failure};
use crate::tty::Tty;
use countersign_approver::look;
use countersign_approver::open::Opened;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

/// How long a person may take to find and type them.
const PATIENCE: Duration = Duration::from_secs(600);

/// Goes on only where the digits of this very call were given, or typed on the terminal, or where it
/// takes none. What a script names must fit, whatever the risk.
pub(super) fn checked(opened: &Opened, given: Option<&str>) -> Result<(), Failure> {
    let fits = |typed: &str| look::digits_fit(opened, typed);
    match given {
        Some(given) if fits(given) => Ok(()),
        Some(_) => Err(wrong()),
        None if !look::takes_digits(opened) => Ok(()),
        None if fits(&typed()?) => Ok(()),
        None => Err(wrong()),
    }
}

/// Typed on the terminal itself, so that nothing that is fed to standard input answers.
fn typed() -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(missing());
    }
    let mut tty = Tty::open().map_err(|_| missing())?;
    let forgot = tty.forget_typed();
    let prompt = "The four digits that the agent's side shows: ";
    let typed = forgot.and_then(|()| tty.line(prompt, true, Instant::now() + PATIENCE));
    let typed = typed.map_err(|_| missing())?.ok_or_else(missing)?;
    Ok(typed.to_string())
}

fn missing() -> Failure {
    let message = "a yes to a critical call takes the four digits that the agent's side shows";
    Failure::new(Exit::Usage, "digits_missing", message).hint(
        "nothing was signed; `countersign status` on the agent's machine shows them: --look DIGITS",
    )
}

fn wrong() -> Failure {
    let message = "these are not the four digits of this call";
    Failure::new(Exit::Failed, "wrong_digits", message).hint(
        "nothing was signed; `countersign status` on the agent's machine shows them: is it the \
             same call?",
    )
}
