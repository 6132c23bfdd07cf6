//! A call that was pinned: its action, and what is needed to run exactly that.

use super::call::{Call, PrepareError};
use super::directory::Directory;
use super::environment;
use super::lookup::Places;
use super::notes::Notes;
use super::plan::{self, Plan};
use countersign_core::action::{Action, Command, PinnedFile};
use countersign_core::encoding::Hash;
use countersign_core::receipt::Binding;
use countersign_core::redact::{Disclosure, Text, reveal};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// A call that was pinned.
///
/// Nothing in it can be changed, so what is started is what the action says. Its `Debug` shows
/// only what a receipt shows.
pub struct Prepared {
    action: Action,
    pub(super) argv: Vec<String>,
    disclosures: Vec<Disclosure>,
    critical: Vec<String>,
    notes: Notes,
    pub(super) plan: Plan,
    pub(super) directory: Directory,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) stdin: Option<Vec<u8>>,
    pub(super) user: u32,
    pub(super) digests: bool,
}

/// Pins a call: finds its files, hashes them, and says how a run can be tied to them.
///
/// `caller` is a snapshot of the caller's environment; `secret` is the ledger's, for commitments.
/// Every program on the way is read whole, which may take a while.
///
/// # Errors
/// Whatever could not be pinned; see [`PrepareError`].
pub fn prepare(
    call: &Call,
    caller: &BTreeMap<String, String>,
    secret: &[u8; 32],
) -> Result<Prepared, PrepareError> {
    prepare_against(rustix::process::geteuid().as_raw(), call, caller, secret)
}

/// As [`prepare`], against a user who may be another than ours.
pub(super) fn prepare_against(
    user: u32,
    call: &Call,
    caller: &BTreeMap<String, String>,
    secret: &[u8; 32],
) -> Result<Prepared, PrepareError> {
    call.check()?;
    let directory = Directory::hold(&call.cwd)?;
    let environment = environment::select(caller, &call.add_env)?;
    let path = environment.get("PATH").map(String::as_str);
    let places = Places { cwd: Path::new(directory.path()), path };
    let mut notes = Notes::default();
    let plan = plan::lay(&call.argv, &places, user, &mut notes)?;
    notes.call(call, &places, &plan);
    let (shown, disclosures) = environment::commit(&environment, &call.add_env, secret)?;
    let action = Action::Command(Box::new(command(call, &directory, shown, &plan)?));
    // An action without a canonical form has no hash to sign.
    action.hash()?;
    let (critical, stdin) = (environment::critical(&call.add_env), call.stdin.clone());
    let argv = call.argv.clone();
    Ok(Prepared {
        action,
        argv,
        disclosures,
        critical,
        notes,
        plan,
        directory,
        environment,
        stdin,
        user,
        digests: false,
    })
}

fn command(
    call: &Call,
    directory: &Directory,
    env: BTreeMap<String, Text>,
    plan: &Plan,
) -> Result<Command, PrepareError> {
    let mut pinned = Vec::new();
    for pin in &plan.pins {
        let file = PinnedFile { path: plan::text(&pin.path)?, sha256: pin.sha256 };
        if !pinned.contains(&file) {
            pinned.push(file);
        }
    }
    let mut pinned = pinned.into_iter();
    Ok(Command {
        argv: call.argv.iter().map(|word| Text::from(word.as_str())).collect(),
        cwd: directory.path().to_owned(),
        env,
        program: pinned.next().ok_or(PrepareError::Empty)?,
        files: pinned.collect(),
        stdin_sha256: call.stdin.as_deref().map(Hash::of),
        verb: call.verb.clone(),
    })
}

impl Prepared {
    /// The action, whole: what is asked about, hashed and recorded.
    #[must_use]
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// What opens the action's commitments. It holds the secrets: seal it or drop it.
    #[must_use]
    pub fn disclosures(&self) -> &[Disclosure] {
        &self.disclosures
    }

    /// The same call, shown as it may be written down. It is started as it was pinned.
    ///
    /// # Errors
    /// Where what is shown is not this very call, or has no canonical form.
    pub fn shown_as(
        self,
        action: &Action,
        disclosures: &[Disclosure],
    ) -> Result<Self, PrepareError> {
        let mut all = self.disclosures.clone();
        all.extend(disclosures.iter().filter(|d| !self.disclosures.contains(d)).cloned());
        let clear = reveal(&self.action.to_payload()?, &self.disclosures);
        if reveal(&action.to_payload()?, &all) != clear {
            return Err(PrepareError::AnotherCall);
        }
        Ok(Self { action: action.clone(), disclosures: all, ..self })
    }

    /// The same call, whose outputs are pipes of ours: digests of them become part of the outcome.
    #[must_use]
    pub fn digesting_outputs(self) -> Self {
        Self { digests: true, ..self }
    }

    /// What the run depends on and no hash holds.
    #[must_use]
    pub fn unpinned(&self) -> &[String] {
        &self.notes.unpinned
    }

    /// What else a person should know before deciding.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.notes.warnings
    }

    /// Why the call is critical whatever a policy says; empty if it is not.
    #[must_use]
    pub fn critical(&self) -> &[String] {
        &self.critical
    }

    /// How a run is tied to the program and the files, the weakest of them.
    #[must_use]
    pub fn binding(&self) -> Binding {
        self.plan.binding()
    }

    #[cfg(test)]
    pub(super) fn forge_environment(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    #[cfg(test)]
    pub(super) fn forget_disclosures(&mut self) {
        self.disclosures.clear();
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let binding = self.binding();
        f.debug_struct("Prepared")
            .field("action", &self.action)
            .field("binding", &binding)
            .finish_non_exhaustive()
    }
}
