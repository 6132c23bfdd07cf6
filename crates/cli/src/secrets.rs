//! Passphrases: from a file for scripts, else typed on the terminal itself.

use crate::args::PassphraseArgs;
use crate::failure::{Exit, Failure};
use crate::tty::Tty;
use countersign_approver::Passphrase;
use countersign_approver::unlock::Keyring;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The variable that names a passphrase file. The passphrase itself is in no variable.
const FILE_VARIABLE: &str = "COUNTERSIGN_PASSPHRASE_FILE";

/// How long a person may take to type one.
const PATIENCE: Duration = Duration::from_secs(600);

/// The keyring of the operating system: the kernel's, which forgets with the user's last session.
pub(crate) fn keyring() -> Result<Keyring, Failure> {
    let store = linux_keyutils_keyring_store::Store::new().map_err(|e| {
        Failure::new(Exit::Failed, "keyring", format!("no keyring: {e}"))
            .hint("leave --keyring out and type the passphrase")
    })?;
    Ok(Keyring::new(store))
}

/// The passphrase of an existing key.
pub(crate) fn existing(args: &PassphraseArgs) -> Result<Passphrase, Failure> {
    match file(args) {
        Some(path) => from_file(&path),
        None => ask("Passphrase: ").map(passphrase),
    }
}

/// A passphrase for a new key, typed twice.
pub(crate) fn fresh(args: &PassphraseArgs) -> Result<Passphrase, Failure> {
    if let Some(path) = file(args) {
        return from_file(&path);
    }
    let first = ask("New passphrase for this approver's key: ")?;
    if first.is_empty() {
        return Err(Failure::new(Exit::Usage, "passphrase", "the passphrase is empty")
            .hint("an empty one protects nothing"));
    }
    if ask("The same again: ")? != first {
        return Err(Failure::new(Exit::Usage, "passphrase", "the two passphrases differ")
            .hint("nothing was made; try again"));
    }
    Ok(passphrase(first))
}

fn passphrase(typed: Zeroizing<String>) -> Passphrase {
    Passphrase::new(typed.to_string())
}

fn file(args: &PassphraseArgs) -> Option<PathBuf> {
    let named = || std::env::var_os(FILE_VARIABLE).filter(|v| !v.is_empty()).map(PathBuf::from);
    args.passphrase_file.clone().or_else(named)
}

fn from_file(path: &std::path::Path) -> Result<Passphrase, Failure> {
    let hint = "write it to a file of mode 0600, one line";
    let passphrase = Passphrase::from_file(path)
        .map_err(|e| Failure::new(Exit::Failed, "passphrase", e.to_string()).hint(hint))?;
    if passphrase.is_empty() {
        let message = format!("`{}` holds no passphrase", path.display());
        return Err(Failure::new(Exit::Failed, "passphrase", message).hint(hint));
    }
    Ok(passphrase)
}

fn ask(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let failed = |message: &str| {
        Failure::new(Exit::Failed, "passphrase", format!("no passphrase: {message}"))
            .hint("scripts name a file with --passphrase-file or COUNTERSIGN_PASSPHRASE_FILE")
    };
    let mut tty = Tty::open().map_err(|_| failed("no terminal to type it on"))?;
    let typed = tty.line(prompt, false, Instant::now() + PATIENCE);
    typed.map_err(|e| failed(&e.to_string()))?.ok_or_else(|| failed("none was typed"))
}
