//! Half a change of who may answer, and its request edited before the home is next opened.

use crate::beside::edit;
use crate::scene::{DAY, Scene};
use countersign_core::decision::Word;
use countersign_core::receipt::Event;
use countersign_core::receipt::check::Verdict;
use countersign_core::trust::{Approver, TrustStore};
use countersign_enforcer::amendment::{Amendment, Edit, Particulars};
use countersign_enforcer::pairing::Candidate;
use countersign_enforcer::{Answered, Relays};
use std::sync::Arc;

/// What a file says of a device.
fn device(scene: &Scene, name: &str, n: u8) -> Approver {
    Candidate::local(*super::key(n).public(), name, vec![], &scene.edge).approver
}

async fn tell_imported(scene: &Scene, one: &Approver) {
    let fingerprint = one.keys.fingerprint().to_string();
    let members = [
        ("change", "imported"),
        ("keyId", &one.key_id.0),
        ("person", &one.person),
        ("fingerprint", &fingerprint),
        ("assurance", one.assurance.name()),
        ("roles", "[]"),
    ];
    scene.enforcer.record_key(Event::Key, &members).await.unwrap();
}

#[tokio::test]
async fn attack_28_what_is_put_into_half_a_change_is_not_made_with_it() {
    for edited in [false, true] {
        let scene = Scene::set().await;
        let (bob, eve) = (device(&scene, "bob", 20), device(&scene, "eve", 66));
        let file = TrustStore { approvers: vec![bob.clone()], ..TrustStore::default() };
        let trust = scene.enforcer.trust().unwrap();
        let amendment = Amendment::import(&trust, file, scene.now()).unwrap();
        let question = scene.enforcer.amendment(&amendment, DAY).await.unwrap().unwrap();
        let request = scene.put(&question).await;
        let request = scene.says(&request, &scene.person, Word::Allow, None).await.unwrap();
        drop(scene.enforcer.claim(&request, &Relays::new()).await.unwrap());
        tell_imported(&scene, &bob).await;
        if edited {
            let eve = serde_json::to_string(&Edit { before: None, after: eve.clone() }).unwrap();
            let rows = format!(
                "UPDATE asked SET body = replace(body, '\"approvers\":[', '\"approvers\":[{eve},');"
            );
            edit(&scene, &rows);
        }
        let scene = scene.reopened(|notary| Arc::new(notary)).await;
        let trust = scene.enforcer.trust().unwrap();
        let pinned = |one: &Approver| trust.approver(&one.key_id).is_some();
        assert_eq!((pinned(&bob), pinned(&eve)), (!edited, false), "{edited}");
    }
}

/// Who a key was is told by the receipts of its changes: one that was edited is what is wrong, and
/// not the older ones that it leaves without a name.
#[tokio::test]
async fn attack_28_an_edited_change_of_a_person_is_named_before_what_rests_on_it() {
    let scene = Scene::set().await;
    let request = crate::beside::approved(&scene, "a").await;
    crate::beside::used(&scene, &request).await.unwrap();
    let way = scene.enforcer.home().pairings().unwrap().remove(0);
    let to = Particulars { person: Some("anna".into()), ..Particulars::default() };
    let trust = scene.enforcer.trust().unwrap();
    let amendment = Amendment::set(&trust, &way, to).unwrap();
    let question = scene.enforcer.amendment(&amendment, DAY).await.unwrap().unwrap();
    let request = scene.put(&question).await;
    let request = scene.says(&request, &scene.person, Word::Allow, None).await.unwrap();
    let allowed = Answered::Approved(request);
    scene.enforcer.amend(&amendment, allowed, &Relays::new()).await.unwrap();
    assert_eq!(scene.verify().await.broken, None);
    let set = scene.receipts().await.into_iter().find(|receipt| {
        let action = receipt.content.entry.action.as_ref();
        action.is_some_and(|action| action.get("change") == Some(&"set".into()))
    });
    let set = set.unwrap().content.seq;
    let at = i64::try_from(set).unwrap();
    let renamed = "UPDATE receipt SET body = replace(body, '\"anna\"', '\"bert\"')";
    for (sql, verdict) in [
        (renamed, Verdict::HashMismatch),
        ("DELETE FROM receipt", Verdict::ChainBroken { seq: set }),
    ] {
        edit(&scene, &format!("{sql} WHERE seq = {set}"));
        let broken = scene.verify_unproven().await.broken.unwrap();
        assert_eq!((broken.at, broken.verdict), (Some(at), verdict), "{}", broken.because);
    }
}
