//! `freeze` in an approver's home: stops others, through their gateways.

use super::super::Here;
use crate::args::PassphraseArgs;
use crate::failure::{Exit, Failure, Outcome};
use crate::reviewer;
use countersign_approver::Desk;
use countersign_client::Client;
use countersign_core::display::visible;
use countersign_enforcer::Edge;
use serde_json::{Value, json};

/// Sends a stop for each pairing that is named, or for all.
pub(super) async fn stop(
    here: &Here<'_>,
    of: &[String],
    why: Option<&str>,
    passphrase: &PassphraseArgs,
) -> Outcome {
    let desks = named(reviewer::desks(here, passphrase)?, of)?;
    let (mut lines, mut sent, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for desk in &desks {
        let pairing = desk.pairing().name.to_string();
        match one(desk, why).await {
            Ok(stop) => {
                let takes = "nothing runs there once it looks: before it uses an approval, and \
                             every ten seconds before anything else";
                lines.push(format!("stopped     {pairing}: {takes}"));
                sent.push(json!({"pairing": pairing, "stop": stop}));
            }
            // One gateway that is away keeps nobody else running.
            Err(why) => {
                here.output.progress(&format!("NOT stopped {pairing}: {}", visible(&why, false)));
                failed.push(pairing);
            }
        }
    }
    if failed.is_empty() {
        here.output.result(&lines.join("\n"), &json!({"sent": sent}))?;
        return Ok(Exit::Ok);
    }
    let message = format!("not stopped: {}; stopped: {}", failed.join(", "), of_all(&sent));
    Err(Failure::new(Exit::NoRoute, "not_stopped", message)
        .hint("try again, or run `countersign freeze` on that machine"))
}

fn of_all(sent: &[Value]) -> String {
    let names: Vec<&str> = sent.iter().filter_map(|one| one["pairing"].as_str()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

async fn one(desk: &Desk<Client>, why: Option<&str>) -> Result<Value, String> {
    let edge = Edge::system();
    // Without randomness a nonce would repeat: the process ends before anything is signed.
    let mut fill = |bytes: &mut [u8]| {
        if edge.fill(bytes).is_err() {
            std::process::abort();
        }
    };
    let signed = desk.freeze(why, edge.now(), &mut fill).await.map_err(|e| e.to_string())?;
    serde_json::to_value(signed).map_err(|e| e.to_string())
}

fn named(desks: Vec<Desk<Client>>, of: &[String]) -> Result<Vec<Desk<Client>>, Failure> {
    let known = |name: &String| desks.iter().any(|desk| desk.pairing().name.as_str() == name);
    if let Some(unknown) = of.iter().find(|name| !known(name)) {
        let message = format!("no pairing `{}` in this home", visible(unknown, false));
        return Err(Failure::new(Exit::Usage, "unknown_pairing", message)
            .hint("nothing was stopped; `countersign list` shows the pairings"));
    }
    let wanted = |desk: &Desk<Client>| {
        of.is_empty() || of.iter().any(|name| name == desk.pairing().name.as_str())
    };
    Ok(desks.into_iter().filter(wanted).collect())
}
