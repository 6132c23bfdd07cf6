//! A standing permission under a policy that asks for more by the hour: it is used only where those
//! who gave it would be enough for the call at that moment.

use super::grants::{given, goes};
use super::*;
use countersign_store::ledger::GrantStore as _;

/// What most tests hold under, with another rule from 03:00 on; it is 02:40.
fn then(more: &str) -> String {
    // What asks nobody by itself joins those that do.
    let decision =
        if more.contains("approvers") { "decision = \"require_approval\"\n" } else { "" };
    format!(
        "{POLICY}[[rule]]\nid = \"mornings\"\ntools = [\"spin\"]\n\
         conditions = [{{ field = \"time\", gte = \"03:00\" }}]\n{decision}{more}{OFFERS}"
    )
}

const OFFERS: &str = "always_allow = { max = \"8h\", session = false }\n";

async fn goes_then(more: &str) -> bool {
    let world = world(&then(more)).await;
    given(&world, "spin", (None, None, false)).await;
    assert!(goes(&world).await, "{more}");
    world.later(HOUR / 2);
    goes(&world).await
}

#[tokio::test]
async fn attack_19_a_grant_covers_nothing_once_the_policy_asks_for_more() {
    assert!(goes_then("min_assurance = \"local\"\n").await);
    assert!(goes_then("approvers = [\"ann\"]\n").await);
    for more in [
        "require_reason = true\n",
        "min_assurance = \"device\"\n",
        "quorum = 2\napprovers = [\"ann\", \"bob\"]\n",
    ] {
        assert!(!goes_then(more).await, "{more}");
    }
}

/// Who gave it is not asked any more.
#[tokio::test]
async fn attack_10_a_grant_covers_nothing_once_others_must_answer() {
    let world = world(&then("approvers = [\"bob\"]\n")).await;
    let bob = SecretKeys::from_bytes(&[12; 64]).unwrap();
    let bob =
        countersign_enforcer::pairing::Candidate::local(*bob.public(), "bob", vec![], &world.edge);
    world.home.pin(world.enforcer.identity(), bob.approver, &bob.pairing, false).unwrap();
    given(&world, "spin", (None, None, false)).await;
    assert!(goes(&world).await);
    world.later(HOUR / 2);
    assert!(!goes(&world).await);
}

/// A question that was judged a moment before is no word on what the policy says now.
#[tokio::test]
async fn attack_19_a_grant_is_not_used_once_nobody_is_asked_about_the_call() {
    for decision in ["block", "allow"] {
        let asks = POLICY
            .replace("decision", "conditions = [{ field = \"time\", lt = \"03:00\" }]\ndecision");
        let text = format!(
            "{asks}[[rule]]\nid = \"mornings\"\ntools = [\"spin\"]\n\
             conditions = [{{ field = \"time\", gte = \"03:00\" }}]\ndecision = \"{decision}\"\n\
             [[classify]]\ntools = [\"spin\"]\nrisk = \"low\"\n"
        );
        let world = world(&text).await;
        given(&world, "spin", (None, None, true)).await;
        let call = action("spin");
        let grounds = world.grounds(&call).await;
        let uses = async || {
            let asker = Asker::default();
            world.enforcer.by_grant(&call, &grounds, WHOSE, asker).await.unwrap().is_some()
        };
        assert!(uses().await, "{decision}");
        world.later(HOUR / 2);
        assert!(!uses().await, "{decision}");
        assert_eq!(world.ledger.grants().await.unwrap()[0].used, 1);
    }
}

/// What the caller says of itself is judged by the policy at each use.
#[tokio::test]
async fn attack_44_a_grant_is_judged_by_who_asks_each_time() {
    let text = format!(
        "{POLICY}[[rule]]\nid = \"agents\"\ntools = [\"spin\"]\n\
         conditions = [{{ field = \"agent\", equals = \"codex\" }}]\ndecision = \"block\"\n"
    );
    let world = world(&text).await;
    given(&world, "spin", (None, None, false)).await;
    let (call, grounds) = (action("spin"), world.grounds(&action("spin")).await);
    for (agent, expected) in [("other", true), ("codex", false)] {
        let asker = Asker { agent: Some(agent.into()), ..Asker::default() };
        let used = world.enforcer.by_grant(&call, &grounds, WHOSE, asker).await.unwrap();
        assert_eq!(used.is_some(), expected, "{agent}");
    }
}
