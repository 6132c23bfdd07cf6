//! What was found good a moment ago, by the same process, and edited before it is used: it is looked
//! at as it stands then, and what was known of it before vouches for nothing.

use crate::beside::{approved, edit, used};
use crate::scene::Scene;
use countersign_core::encoding::Fixed;
use countersign_core::keys::Signature;
use countersign_store::ledger::RequestRecord;

/// A signature of which one bit is another, as it is written in JSON.
fn other(Fixed(mut bytes): Signature) -> String {
    bytes[40] ^= 4;
    serde_json::to_string(&Fixed(bytes)).unwrap()
}

fn text(signature: &Signature) -> String {
    serde_json::to_string(signature).unwrap()
}

/// Demands that an approval is not used while something reads otherwise, and is used after that.
async fn refused_meanwhile(
    scene: &Scene,
    request: &RequestRecord,
    [table, from, to]: [&str; 3],
    why: &str,
) {
    let replaced = |from: &str, to: &str| {
        edit(scene, &format!("UPDATE {table} SET body = replace(body, '{from}', '{to}');"));
    };
    replaced(from, to);
    let said = used(scene, request).await.unwrap_err().to_string();
    assert!(said.contains(why), "{said}");
    replaced(to, from);
    used(scene, request).await.unwrap();
}

#[tokio::test]
async fn attack_28_an_answer_that_was_good_before_is_not_used_after_it_was_edited() {
    for edited in ["signature", "expiresAt"] {
        let scene = Scene::set().await;
        let request = approved(&scene, "a").await;
        let decision = &request.accepted[0].decision;
        let until = decision.expires_at.instant().plus_millis(60_000).timestamp();
        let (from, to) = match edited {
            "signature" => (text(&decision.signature), other(decision.signature)),
            _ => (format!("{:?}", decision.expires_at.as_str()), format!("{:?}", until.as_str())),
        };
        let why = "the signature does not verify";
        refused_meanwhile(&scene, &request, ["accepted", &from, &to], why).await;
    }
}

#[tokio::test]
async fn attack_28_a_head_that_was_good_before_counts_for_nothing_after_it_was_edited() {
    let scene = Scene::set().await;
    let request = approved(&scene, "a").await;
    scene.enforcer.past().await.unwrap();
    let head = scene.enforcer.ledger().checkpoint().await.unwrap().unwrap();
    let (from, to) = (text(&head.signature), other(head.signature));
    let why = "is not signed by this home's operator";
    refused_meanwhile(&scene, &request, ["checkpoint", &from, &to], why).await;
}

#[tokio::test]
async fn attack_37_keys_that_were_good_before_count_for_nothing_after_half_of_them_was_edited() {
    let scene = Scene::set().await;
    let request = approved(&scene, "a").await;
    let path = scene.enforcer.home().root().join("trust.json");
    let good = std::fs::read_to_string(&path).unwrap();
    let Fixed(mut keys) = scene.person.public().bytes();
    let from = serde_json::to_string(&Fixed(keys)).unwrap();
    keys[50] ^= 4;
    let edited = good.replace(&from, &serde_json::to_string(&Fixed(keys)).unwrap());
    assert_ne!(edited, good);
    std::fs::write(&path, edited).unwrap();
    let said = used(&scene, &request).await.unwrap_err().to_string();
    assert!(said.contains("signature does not verify"), "{said}");
    std::fs::write(&path, good).unwrap();
    used(&scene, &request).await.unwrap();
}
