//! A passkey that is pinned beside a key: who allows it, and what its answers are needed for.

use super::{World, key, world};
use countersign_core::artifact::Assurance;
use countersign_core::decision::{Answer, Choice, Decision, Word};
use countersign_core::encoding::Fixed;
use countersign_core::passkey::{Offer, OfferBody, OfferError};
use countersign_core::verify::Refusal;
use countersign_enforcer::amendment::{AmendError, Amendment};
use countersign_enforcer::gate::GateError;
use countersign_enforcer::{Answered, Question, Relays};
use countersign_store::ledger::{RequestRecord, Suspended};
use countersign_testkit::Authenticator;

impl World {
    /// What the device of the key `n` says of the passkey of the same number.
    fn offer(&self, n: u8) -> Offer {
        let one = Authenticator::new(n);
        let (key_id, time) = (key(n).key_id(), self.edge.now().timestamp());
        let body = OfferBody { key_id, passkey: one.passkey(), time };
        let webauthn = one.assert(&body.challenge().unwrap());
        Offer::sign(body, webauthn, &key(n)).unwrap()
    }

    fn passkey(&self, name: &str, offer: Offer) -> Result<Amendment, AmendError> {
        let pairing = self.home.pairings().unwrap().into_iter().find(|p| p.name == name).unwrap();
        Amendment::passkey(&self.enforcer.trust().unwrap(), &pairing, offer, self.edge.now())
    }

    /// The same question, allowed by the key `by` with the passkey `with`.
    async fn allow_with(
        &self,
        question: &Question,
        by: u8,
        with: Option<u8>,
    ) -> Result<RequestRecord, GateError> {
        let request = match self.enforcer.suspend(question).await.unwrap() {
            Suspended::Opened(request) | Suspended::Joined(request) => request,
            other => panic!("{other:?}"),
        };
        let asked = request.asked.iter().find(|a| a.key_id == key(by).key_id()).unwrap();
        let choice = Choice {
            word: Word::Allow,
            scope: countersign_core::artifact::Scope::Once,
            expires_at: asked.artifact.head.expires_at.clone(),
            nonce: Fixed(self.edge.random().unwrap()),
            hints: None,
        };
        let decision = match with {
            None => Decision::sign(&asked.artifact, choice, &key(by)),
            Some(n) => {
                let with = |challenge: &_| Authenticator::new(n).assert(challenge);
                Decision::sign_verified(&asked.artifact, choice, &key(by), with)
            }
        };
        let answer = Answer { decision: decision.unwrap(), reason: None };
        self.enforcer.accept(&request, asked, answer).await
    }
}

/// A phone that answers in a page of the gateway, and now with a passkey.
async fn phone_with_a_passkey() -> World {
    let world = world().await;
    world.begin("phone", 1, Assurance::Web).await;
    let amendment = world.passkey("phone", world.offer(1)).unwrap();
    let question = world.enforcer.amendment(&amendment, 60_000).await.unwrap().unwrap();
    let request = world.allow_with(&question, 1, None).await.unwrap();
    let answered = Answered::Approved(request);
    world.enforcer.amend(&amendment, answered, &Relays::new()).await.unwrap();
    world
}

#[tokio::test]
async fn attack_09_where_a_passkey_was_pinned_nobody_is_admitted_without_one() {
    let world = phone_with_a_passkey().await;
    let phone = world.enforcer.trust().unwrap().approvers.remove(0);
    assert_eq!((phone.assurance, phone.reach()), (Assurance::Web, Assurance::Verified));
    let eve = world.candidate("eve", 66, Assurance::Device);
    let question = world.enforcer.admission(&eve, 60_000).await.unwrap().unwrap();
    for with in [None, Some(2)] {
        let refused = world.allow_with(&question, 1, with).await.unwrap_err();
        let (have, need) = (Assurance::Web, Assurance::Verified);
        assert!(
            matches!(&refused, GateError::Refused(why) if *why == Refusal::Assurance { have, need }),
            "{refused:?}"
        );
    }
    let request = world.allow_with(&question, 1, Some(1)).await.unwrap();
    world.admit(eve, request).await.unwrap();
    assert_eq!(world.enforcer.trust().unwrap().approvers.len(), 2);
}

#[tokio::test]
async fn attack_09_letting_go_again_takes_the_passkey_that_was_pinned() {
    let world = phone_with_a_passkey().await;
    world.enforcer.freeze("me", None).await.unwrap();
    let frozen = world.enforcer.frozen().await.unwrap().unwrap();
    let question = world.enforcer.thaw_question(&frozen, 60_000).await.unwrap();
    world.allow_with(&question, 1, None).await.unwrap_err();
    let request = world.allow_with(&question, 1, Some(1)).await.unwrap();
    world.enforcer.thaw(&frozen, Answered::Approved(request)).await.unwrap();
    assert!(world.enforcer.frozen().await.unwrap().is_none());
}

#[tokio::test]
async fn attack_49_an_allow_from_before_a_passkey_was_pinned_admits_nobody_after_it() {
    let world = world().await;
    world.begin("phone", 1, Assurance::Web).await;
    let eve = world.candidate("eve", 66, Assurance::Device);
    let request = world.allowed(&eve, 1).await;
    let amendment = world.passkey("phone", world.offer(1)).unwrap();
    let question = world.enforcer.amendment(&amendment, 60_000).await.unwrap().unwrap();
    let allowed = Answered::Approved(world.allow_with(&question, 1, None).await.unwrap());
    world.enforcer.amend(&amendment, allowed, &Relays::new()).await.unwrap();
    assert!(world.admit(eve, request).await.is_err());
}

#[tokio::test]
async fn attack_49_a_passkey_that_the_ledger_does_not_name_lifts_nothing() {
    let world = phone_with_a_passkey().await;
    world.rewrite_trust(|store| {
        store.approvers[0].passkey = Some(Authenticator::new(2).passkey());
    });
    let phone = world.enforcer.trust().unwrap().approvers.remove(0);
    assert_eq!((phone.passkey.as_ref(), phone.reach()), (None, Assurance::Web));
    // The floor stays, and nobody is left on it.
    super::nobody_of(world.asked_about_eve().await, Assurance::Verified);
}

#[tokio::test]
async fn attack_49_a_passkey_is_pinned_beside_the_key_that_offers_it_only() {
    let world = phone_with_a_passkey().await;
    let others = world.passkey("phone", world.offer(3)).unwrap_err();
    assert!(matches!(others, AmendError::Passkey(OfferError::Signature(_))), "{others:?}");
    let local = super::world().await;
    local.begin("me", 2, Assurance::Local).await;
    assert!(matches!(local.passkey("me", local.offer(2)), Err(AmendError::Local(_))));
}

#[tokio::test]
async fn attack_49_a_passkey_is_taken_back_by_who_may_pin_one_and_never_the_last() {
    let world = phone_with_a_passkey().await;
    let of = |world: &World, name: &str| {
        world.home.pairings().unwrap().into_iter().find(|p| p.name == name).unwrap()
    };
    let without = |world: &World, name: &str| {
        Amendment::no_passkey(&world.enforcer.trust().unwrap(), &of(world, name))
    };
    let last = without(&world, "phone").unwrap();
    world.would_lock(&last, Assurance::Verified).await;
    let tablet = world.candidate("tablet", 3, Assurance::Web);
    let question = world.enforcer.admission(&tablet, 60_000).await.unwrap().unwrap();
    let request = world.allow_with(&question, 1, Some(1)).await.unwrap();
    world.admit(tablet, request).await.unwrap();
    assert!(matches!(without(&world, "tablet"), Err(AmendError::Nothing)), "it has none");
    world.would_lock(&last, Assurance::Verified).await;
    let pinned = world.passkey("tablet", world.offer(3)).unwrap();
    let question = world.enforcer.amendment(&pinned, 60_000).await.unwrap().unwrap();
    let request = world.allow_with(&question, 1, Some(1)).await.unwrap();
    world.enforcer.amend(&pinned, Answered::Approved(request), &Relays::new()).await.unwrap();
    let taken = without(&world, "phone").unwrap();
    let question = world.enforcer.amendment(&taken, 60_000).await.unwrap().unwrap();
    world.allow_with(&question, 1, None).await.unwrap_err();
    let request = world.allow_with(&question, 3, Some(3)).await.unwrap();
    world.enforcer.amend(&taken, Answered::Approved(request), &Relays::new()).await.unwrap();
    let trust = world.enforcer.trust().unwrap();
    let phone = trust.approvers.iter().find(|one| one.key_id == key(1).key_id()).unwrap();
    assert_eq!((phone.passkey.as_ref(), phone.reach()), (None, Assurance::Web));
    // Put back by hand it lifts nothing: the ledger does not name it any more.
    world.rewrite_trust(|store| {
        let phone = store.approvers.iter_mut().find(|one| one.key_id == key(1).key_id()).unwrap();
        phone.passkey = Some(Authenticator::new(1).passkey());
    });
    let trust = world.enforcer.trust().unwrap();
    let phone = trust.approvers.iter().find(|one| one.key_id == key(1).key_id()).unwrap();
    assert_eq!(phone.reach(), Assurance::Web);
}
