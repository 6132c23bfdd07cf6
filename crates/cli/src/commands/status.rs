//! `status`: who am I, which gateway, which approvers, what waits, is it protected.

use super::Here;
use super::list::{Line, lines};
use crate::asking::{digits, digits_of, so_far};
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use crate::parties::clock;
use countersign_approver::home::Home;
use countersign_approver::local::LocalKey;
use countersign_approver::pairings::Pairings;
use countersign_client::{Client, ClientError, Role};
use countersign_core::display::{counted, visible};
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::{Boundary, Event};
use countersign_enforcer::Enforcer;
use countersign_enforcer::witness::{Contradicted, as_remembered};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// How long a gateway may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Say who I am, which gateway, which approvers, what waits, and whether it is protected.
#[derive(clap::Args)]
pub(crate) struct Status {}

impl Status {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let pairings = lines(here).await?;
        let mut text =
            vec![format!("home        {}", visible(&here.root.display().to_string(), false))];
        let mut document = json!({"home": here.root.display().to_string(), "pairings": pairings});
        let mut exit = Exit::Ok;
        if parties::existing_identity(&here.root)?.is_some() {
            let enforcer = parties::enforcer(&here.root).await?;
            enforcer.knows_its_keys().await?;
            self.enforcer(&enforcer, &mut text, &mut document).await?;
            if self.is_contradicted(&enforcer, &mut text, &mut document).await? {
                exit = Exit::Verification;
            }
        }
        keys_are_whole(here)?;
        self.pairings(&pairings, &mut text);
        self.gateways(&pairings, &mut text, &mut document).await;
        if pairings.is_empty() {
            text.push("pairings    none: `countersign pair` or `countersign join`".into());
        }
        here.output.result(&text.join("\n"), &document)?;
        Ok(exit)
    }

    /// Whether a gateway remembers another ledger than this one. The home's own head was compared when
    /// the enforcer was opened.
    async fn is_contradicted(
        &self,
        enforcer: &Enforcer,
        text: &mut Vec<String>,
        document: &mut Value,
    ) -> Result<bool, Failure> {
        let relays = parties::relays(enforcer.identity(), &enforcer.home().pairings()?)?;
        let clients =
            relays.into_values().map(|relay| (relay.client.origin().clone(), relay.client));
        let (ledger, keys) = (enforcer.ledger(), &enforcer.identity().keys);
        let mut found = Vec::new();
        for client in clients.collect::<BTreeMap<_, _>>().into_values() {
            match as_remembered(&client, ledger, keys, PATIENCE).await {
                Ok(()) => {}
                Err(Contradicted::Store(error)) => return Err(error.into()),
                Err(contradicted) => found.push(contradicted.to_string()),
            }
        }
        for why in &found {
            let why = visible(why, false);
            text.push(format!(
                "CONTRADICTED  {why}; nobody is asked and no approval is used, and what a policy \
                 allows goes on: see `countersign audit verify`"
            ));
        }
        if let Some(members) = document.as_object_mut() {
            members.insert("contradicted".into(), json!(found));
        }
        Ok(!found.is_empty())
    }

    async fn enforcer(
        &self,
        enforcer: &Enforcer,
        text: &mut Vec<String>,
        document: &mut Value,
    ) -> Result<(), Failure> {
        let ledger = enforcer.ledger();
        let fingerprint = enforcer.identity().keys.public().fingerprint().to_string();
        let newest = ledger.newest().await?.map_or(0, |(seq, _)| seq);
        let open = ledger.open_requests().await?;
        let running = ledger.open_claims().await?;
        let boundary = enforcer.boundary();
        text.push(format!("operator    {fingerprint}"));
        let receipts = counted(newest, "receipt");
        text.push(format!("ledger      {} with {receipts}", ledger.ledger_id()));
        text.push(match boundary {
            Boundary::Separate => "protected   yes: the enforcer runs as another user".into(),
            Boundary::Unprotected => "protected   no: an agent that runs as this user could reach \
                                      keys and ledger; every receipt says `unprotected`"
                .into(),
        });
        let frozen = enforcer.frozen().await?;
        if let Some(frozen) = &frozen {
            text.push(format!("frozen      {frozen}; `countersign thaw` asks to let go again"));
        }
        let seen = ledger.latest().await?.unwrap_or(enforcer.edge().now());
        let grants = ledger.grants().await?;
        let standing = grants.iter().filter(|grant| grant.over(seen).is_none()).count();
        if standing > 0 {
            text.push(format!("grants      {standing}: `countersign grant list` shows them"));
        }
        for request in &open {
            let far = so_far(request).map(|far| format!("; {far}")).unwrap_or_default();
            let typed = digits(request).map(|typed| format!("; {typed}"));
            let typed = typed.unwrap_or_default();
            text.push(format!(
                "waits       {} until {}{far}{typed}",
                request.id,
                request.expires_at.timestamp()
            ));
        }
        for claim in &running {
            text.push(format!(
                "running     {} since {}",
                claim.request_id,
                claim.claimed_at.timestamp()
            ));
        }
        let uncertain = uncertain(enforcer).await?;
        for id in &uncertain {
            text.push(format!(
                "uncertain   {id}: nobody knows whether it ran; look before you repeat it"
            ));
        }
        if let Some(members) = document.as_object_mut() {
            members.insert(
                "operator".into(),
                json!({"fingerprint": fingerprint, "keyId": enforcer.identity().keys.key_id()}),
            );
            members.insert("ledger".into(), json!({"id": ledger.ledger_id(), "receipts": newest}));
            members.insert("boundary".into(), json!(boundary));
            members.insert("frozen".into(), json!(frozen));
            members.insert("grants".into(), json!(standing));
            members.insert("waiting".into(), json!(open.iter().map(|r| &r.id).collect::<Vec<_>>()));
            let critical = open.iter().map(|r| (r.id.clone(), digits_of(r)));
            let critical: BTreeMap<_, _> = critical.filter(|(_, all)| !all.is_empty()).collect();
            members.insert("digits".into(), json!(critical));
            members.insert(
                "running".into(),
                json!(running.iter().map(|c| &c.request_id).collect::<Vec<_>>()),
            );
            members.insert("uncertain".into(), json!(uncertain));
        }
        Ok(())
    }

    fn pairings(&self, pairings: &[Line], text: &mut Vec<String>) {
        for p in pairings {
            text.push(format!(
                "{:<11} {} via {}, {}",
                p.side,
                p.name,
                visible(&p.relay, false),
                p.status
            ));
        }
    }

    async fn gateways(&self, pairings: &[Line], text: &mut Vec<String>, document: &mut Value) {
        let relays: BTreeSet<&str> =
            pairings.iter().map(|p| p.relay.as_str()).filter(|r| r.starts_with("http")).collect();
        let mut states = Vec::new();
        for relay in relays {
            let health = tokio::time::timeout(PATIENCE, health(relay)).await;
            let reachable = matches!(health, Ok(Ok(_)));
            let word = if reachable { "reachable" } else { "cannot be reached" };
            text.push(format!("gateway     {} {word}", visible(relay, false)));
            states.push(json!({"relay": relay, "reachable": reachable}));
        }
        if let Some(members) = document.as_object_mut() {
            members.insert("gateways".into(), json!(states));
        }
    }
}

/// Reads every key of the approver's side, without opening any.
fn keys_are_whole(here: &Here<'_>) -> Result<(), Failure> {
    let root = parties::approver_root(&here.root);
    LocalKey::of(&root)?;
    if !root.exists() {
        return Ok(());
    }
    let pairings = Pairings::of(&Home::open(&root)?);
    for pairing in pairings.list()? {
        pairings.key(&pairing)?;
    }
    Ok(())
}

/// Asks as nobody in particular: health needs no session.
async fn health(relay: &str) -> Result<(), ClientError> {
    let nobody =
        SecretKeys::from_bytes(&[0; 64]).map_err(|e| ClientError::Protocol(e.to_string()))?;
    Client::new(relay, Role::Enforcer, "status", Arc::new(nobody), clock())?.health().await
}

/// The newest receipts are looked at, since an uncertain end is recorded when it is found.
const LOOK_BACK: u64 = 100;

async fn uncertain(enforcer: &Enforcer) -> Result<Vec<String>, Failure> {
    let newest = enforcer.ledger().newest().await?.map_or(0, |(seq, _)| seq);
    let mut found = Vec::new();
    for seq in newest.saturating_sub(LOOK_BACK) + 1..=newest {
        let receipt = enforcer.ledger().receipt(Some(seq)).await?;
        let entry = receipt.map(|r| r.content.entry).filter(|e| e.event == Event::Uncertain);
        found.extend(entry.and_then(|e| e.request_id));
    }
    Ok(found)
}
