//! The command line: what may be written, and its help.

use crate::commands;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// The documented exit codes.
pub(crate) const EXIT_CODES: [(&str, &str); 13] = [
    ("0", "ok"),
    ("1", "failed"),
    ("2", "usage"),
    ("10", "denied"),
    ("11", "expired"),
    ("12", "blocked by policy"),
    ("13", "verification failed"),
    ("14", "no route"),
    ("15", "still pending"),
    ("16", "uncertain"),
    ("125", "run itself failed; else it passes on the exit code of its child"),
    ("126", "run was refused"),
    ("127", "run found no such program"),
];

/// The heading of what every command takes, apart from its own options.
const EVERYWHERE: &str = "For all commands";

fn after_help() -> String {
    let line = |(code, meaning): &(&str, &str)| format!("  {code:>3}  {meaning}");
    let lines: Vec<String> = EXIT_CODES.iter().map(line).collect();
    format!("Exit codes:\n{}\n\nStart with `countersign demo`.", lines.join("\n"))
}

/// Puts a human signature between an AI agent and anything dangerous it does.
#[derive(Parser)]
#[command(
    name = "countersign",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = after_help()
)]
pub(crate) struct Args {
    /// The home directory [default: ~/.countersign]
    #[arg(
        long,
        global = true,
        env = "COUNTERSIGN_HOME",
        value_name = "DIR",
        help_heading = EVERYWHERE
    )]
    pub(crate) home: Option<PathBuf>,

    /// Print one JSON document on standard output, and errors as JSON on standard error
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show the whole path with nothing set up: gate a real command, sign, run, verify
    Demo(commands::demo::Demo),
    /// Say who I am, which gateway, which approvers, what waits, and whether it is protected
    Status(commands::status::Status),
    /// Check everything that the gate hangs on, and say what mends it
    Doctor(commands::doctor::Doctor),
    /// Run gateway and console for one person on this machine, and pair the first browser
    Up(commands::up::Up),
    /// Run the relay between enforcers and approvers
    Gateway(commands::gateway::Gateway),
    /// Serve the console on the approver's own machine, over one remote gateway
    Console(commands::console::Console),
    /// Pair an approver with this enforcer: shows a code, a link and a QR code, and waits
    Pair(commands::pair::Pair),
    /// Join an enforcer as its approver, by link or by typed code
    Join(commands::join::Join),
    /// List the pairings of this home
    List(commands::list::List),
    /// Take a pairing back, at once or after a time
    Revoke(commands::revoke::Revoke),
    /// Hold one command until it is approved, then run exactly it
    Run(commands::run::Run),
    /// Ask people about something that somebody else carries out; the exit code is the answer
    Request(commands::request::Request),
    /// Follow a request to its end, and use its approval once
    Wait(commands::wait::Wait),
    /// Hold a patch until it is approved, then apply exactly it to the revision that it is for
    Apply(commands::apply::Apply),
    /// Ask about a commit, a push, a tag, a deployment, a release or a migration
    #[command(subcommand)]
    Checkpoint(commands::checkpoint::Checkpoint),
    /// Give a pipeline a pairing of its own, in one line
    #[command(subcommand)]
    Ci(commands::ci::Ci),
    /// Write, check, try out and accept the policy: what needs a person, and which one
    #[command(subcommand)]
    Policy(commands::policy::Policy),
    /// Give, list and take back standing permissions: exact rules that an approver signs
    #[command(subcommand)]
    Grant(commands::grant::Grant),
    /// Stop everything at once, also what is approved and not yet run
    Freeze(commands::freeze::Freeze),
    /// Let actions run again, once an approver allowed it
    Thaw(commands::freeze::Thaw),
    /// Show what waits for my answer: on a terminal a screen to read and answer it, else a list
    Inbox(commands::inbox::Inbox),
    /// Show one request whole
    Show(commands::show::Show),
    /// Allow one request
    Approve(commands::decide::Approve),
    /// Refuse one request, with a reason
    Deny(commands::decide::Deny),
    /// Hand one request to whoever is asked next
    Escalate(commands::decide::Escalate),
    /// List what I was asked and what I answered
    History(commands::history::History),
    /// Show and verify receipts
    #[command(subcommand)]
    Receipt(commands::receipt::Receipt),
    /// Search, count and check the ledger, and take receipts out of it
    #[command(subcommand)]
    Audit(commands::audit::Audit),
    /// Show, replace and take back keys
    #[command(subcommand)]
    Key(commands::key::Key),
    /// Show, export, import and change the keys that are pinned here
    #[command(subcommand)]
    Trust(commands::trust::Trust),
    /// Propose, review, enforce and hash HARP objects as files; report conformance
    #[command(subcommand)]
    Harp(commands::harp::Harp),
    /// Answer an agent host about the tool that it is about to run
    Hook(commands::hook::Hook),
    /// Put the hook before every tool of an agent host
    Install(commands::install::Install),
    /// Take the hook out of an agent host, and bring its settings back
    Uninstall(commands::uninstall::Uninstall),
    /// Measure this machine against the budgets, beside its own limits
    Bench(commands::bench::Bench),
    /// Print shell completions
    Completions(commands::shell::Completions),
    /// Print the manual page
    Man(commands::shell::Man),
}

/// Where a passphrase comes from. Never the command line itself: others can read that.
#[derive(clap::Args, Default)]
pub(crate) struct PassphraseArgs {
    /// Read the passphrase from the first line of a file [env: COUNTERSIGN_PASSPHRASE_FILE]
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,

    /// Keep the passphrase in the keyring of the operating system, and take it from there; for a
    /// device on which no agent runs, since every program of this user can ask the keyring
    #[arg(long)]
    pub(crate) keyring: bool,
}
