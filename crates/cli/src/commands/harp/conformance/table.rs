//! The categories of HARP-COMPLIANCE §2 and §3, what its §1.3 and §8 add, and what is asked
//! for each.

use super::binary::{Files, Ground};
use super::category::{Category, Check, Level, State};
use super::demo::Demo;
use super::proofs::Proofs;
use super::relay::Relay;
use crate::commands::Here;
use crate::failure::Failure;

/// Makes every check.
pub(super) async fn all(here: &Here<'_>) -> Result<Vec<Category>, Failure> {
    let (ground, proofs) = (Ground::new()?, Proofs::load()?);
    let demo = Demo::play(here, &ground).await?;
    here.output.progress("reference files …");
    let files = Files::play(&ground).await;
    // First, as long as the keys of the demo count.
    let audit = demo.audit(&ground).await?;
    let revoked = demo.revoked(&ground).await?;
    let mut categories = by_proof(&proofs, &demo, files, revoked);
    here.output.progress("a gateway …");
    categories.extend(by_gateway(&ground).await.unwrap_or_else(no_gateway));
    categories.push(negative(&proofs));
    categories.extend(enterprise(audit));
    categories.sort_by_key(|category| order(category.section));
    Ok(categories)
}

/// `2.10` stands after `2.9`.
fn order(section: &str) -> Vec<u32> {
    section.split('.').map(|number| number.parse().unwrap_or(u32::MAX)).collect()
}

fn category(
    section: &'static str,
    name: &'static str,
    level: Level,
    checks: Vec<Check>,
) -> Category {
    Category { section, name, level, checks }
}

fn by_proof(proofs: &Proofs, demo: &Demo, files: Files, revoked: State) -> Vec<Category> {
    use Level::Core;
    vec![
        category("2.1", "canonicalization", Core, canonicalization(proofs)),
        category("2.2", "signature verification", Core, signatures(proofs, demo)),
        category("2.3", "replay protection", Core, replay(proofs, demo, files)),
        category("2.4", "expiration", Core, expiration(proofs)),
        category("2.6", "schema validation", Core, schema(proofs)),
        category("2.8", "key management", Core, keys(proofs, demo, revoked)),
    ]
}

fn canonicalization(proofs: &Proofs) -> Vec<Check> {
    vec![
        proofs.check("serialisation is deterministic", &["canonical", "number"], &["accepted"]),
        proofs.check("official vectors match to the byte", &["published"], &[]),
        proofs.check("hashes are the same everywhere", &["artifact"], &["accepted"]),
        proofs.check(
            "a text that two parsers read differently is refused",
            &["canonical"],
            &["Syntax", "DuplicateKey", "Number", "KeyOrder", "TooDeep", "TooLarge"],
        ),
    ]
}

fn signatures(proofs: &Proofs, demo: &Demo) -> Vec<Check> {
    vec![
        proofs.check("a correct decision verifies", &["decision"], &["accepted"]),
        proofs.check("a changed decision or signature is refused", &["decision"], &["Signature"]),
        proofs.check(
            "a key that nobody pinned is refused",
            &["decision"],
            &["UnknownSigner", "OffRoster"],
        ),
        proofs.check("a signature belongs to one domain", &["domain"], &[]),
        Check::new("an approved command runs, and its receipt proves it", demo.ran()),
        Check::new("a forged approval runs nothing", demo.refused("HARP_ERR_SIGNATURE_INVALID")),
    ]
}

fn replay(proofs: &Proofs, demo: &Demo, files: Files) -> Vec<Check> {
    vec![
        proofs.check("a spent decision or nonce is refused", &["decision"], &["Replay"]),
        proofs.check(
            "a decision for another artifact, request or repository is refused",
            &["decision"],
            &["HashMismatch", "WrongRequest", "WrongRepository"],
        ),
        Check::new("an approval that was used runs nothing more", demo.refused("HARP_ERR_REPLAY")),
        Check::new(
            "an approval of another command runs nothing",
            demo.refused("HARP_ERR_HASH_MISMATCH"),
        ),
        Check::new("a decision in a file is enforced once", files.allowed),
        Check::new("the same file again is refused", files.replayed),
        Check::new("with another artifact's file it is refused", files.swapped),
    ]
}

fn expiration(proofs: &Proofs) -> Vec<Check> {
    vec![
        proofs.check("a decision that is over is refused", &["decision"], &["DecisionExpired"]),
        proofs.check("an artifact that is over is refused", &["decision"], &["ArtifactExpired"]),
        proofs.check("a token that is over is refused", &["token"], &["Expired"]),
    ]
}

fn schema(proofs: &Proofs) -> Vec<Check> {
    vec![
        proofs.check("a well-formed object is read", &["message", "artifact"], &["accepted"]),
        proofs.check(
            "missing, unknown and mistyped members and words are refused",
            &["message", "artifact"],
            &["Shape"],
        ),
        proofs.check("a malformed decision is refused", &["decision"], &["Schema"]),
    ]
}

fn keys(proofs: &Proofs, demo: &Demo, revoked: State) -> Vec<Check> {
    vec![
        Check::new("a key is provisioned by a link, and its answer counts", demo.ran()),
        proofs.check(
            "a revoked or rotated-out key is refused at once",
            &["decision"],
            &["RevokedSigner"],
        ),
        proofs.check("receipts of a revoked key are refused", &["receipt"], &["Revoked"]),
        proofs.decision("a replaced key counts until its date", "rotated-key-before-its-end"),
        Check::new("a key that is taken back at once is asked no more", revoked),
    ]
}

async fn by_gateway(ground: &Ground) -> Result<Vec<Category>, Failure> {
    let (url, _gateway) = ground.gateway().await?;
    let relay = Relay::meet(&url).await?;
    let mut idempotency = relay.idempotency().await?;
    idempotency.push(Check::missing("a prompt again is accepted once", "no call for prompts"));
    idempotency.push(Check::missing("a snapshot again is accepted once", "no call for sessions"));
    let mut transport = relay.transport(&url).await?;
    transport.push(open_address(ground).await?);
    transport.push(Check::missing("TLS is enforced", "a proxy in front speaks it"));
    use Level::Extended;
    Ok(vec![
        category("2.5", "idempotency", Extended, idempotency),
        category("2.7", "transport", Extended, transport),
        category("2.9", "gateway metadata", Extended, relay.metadata().await?),
        category("2.10", "exchange withdrawal", Extended, relay.withdrawal().await?),
        category("2.11", "presence", Extended, presence()),
        category("2.12", "pairing", Extended, relay.pairing()),
    ])
}

/// Where the gateway could not be asked to the end, no category of it holds.
fn no_gateway(failure: Failure) -> Vec<Category> {
    let check = Check::new("a gateway answers", State::Failed(failure.message));
    vec![category("2.7", "transport", Level::Extended, vec![check])]
}

async fn open_address(ground: &Ground) -> Result<Check, Failure> {
    let ended = ground.run(&["gateway", "--listen", "0.0.0.0:0"]).await?;
    Ok(Check::new("plain HTTP on an open address is refused", ended.ends(2, Some("listen"))))
}

fn presence() -> Vec<Check> {
    vec![Check::missing("presence follows the live channel", "no call for presence")]
}

fn negative(proofs: &Proofs) -> Category {
    let checks = vec![
        proofs.check("truncated and malformed JSON", &["canonical"], &["Syntax"]),
        proofs.check("a corrupted hash", &["decision", "receipt"], &["HashMismatch"]),
        proofs.check(
            "a corrupted signature",
            &["decision", "receipt"],
            &["Signature", "BadSignature"],
        ),
        proofs.check("a time in the future", &["decision"], &["FromTheFuture"]),
        proofs.check("an unknown algorithm", &["decision", "artifact"], &["Schema", "Shape"]),
        proofs.check("an oversized text", &["canonical"], &["TooLarge"]),
    ];
    category("3", "negative tests", Level::Core, checks)
}

fn enterprise(audit: Vec<Check>) -> Vec<Category> {
    let none = Check::missing("mutual TLS", "the gateway speaks no TLS of its own");
    vec![
        category("1.3", "mutual authentication", Level::Enterprise, vec![none]),
        category("8", "audit", Level::Enterprise, audit),
    ]
}
