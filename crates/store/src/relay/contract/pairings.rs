//! Devices and pairings.

use super::fixture::{
    Checked, LIFE, NOW, after, completion, confirmation, device, paired, pairing, submission,
};
use super::{Store, checks};
use crate::error::StoreError;
use crate::relay::device::{Registered, Role};
use crate::relay::exchange::{Ended, Party, Route, State, Submitted};
use crate::relay::pairing::{Completion, Opened, PairingState, PairingStep};

checks!(
    a_device_has_one_key_for_ever,
    a_pairing_is_found_by_its_code_until_it_is_completed,
    a_code_is_held_by_one_pairing_at_a_time,
    open_pairings_are_limited,
    a_pairing_is_completed_once,
    a_pairing_ends_in_time,
    a_known_device_must_prove_itself,
    the_commitment_is_opened_once,
    only_the_devices_of_a_pairing_speak_in_it,
    a_no_closes_the_route,
    a_route_is_for_its_own_enforcer,
    revoking_cancels_what_waits,
    who_may_be_asked_is_known,
    a_yes_said_again_reopens_nothing,
    forgetting_spares_what_is_needed,
);

async fn a_device_has_one_key_for_ever(store: Store) -> Checked {
    let first = device("d", Role::Approver, 1)?;
    assert_eq!(store.register_device(first.clone()).await?, Registered::New);
    let mut later = first.clone();
    later.registered_at = after(5);
    assert_eq!(store.register_device(later).await?, Registered::Known);
    for other in [
        device("d", Role::Approver, 2)?,
        device("d", Role::Enforcer, 1)?,
        device("e", Role::Approver, 1)?,
    ] {
        assert_eq!(store.register_device(other).await?, Registered::Conflict);
    }
    assert_eq!(store.device("d").await?, Some(first.clone()));
    assert_eq!(store.device_by_key(&first.key_id()).await?, Some(first));
    assert_eq!(store.device("e").await?, None);
    assert_eq!(store.device_by_key(&device("e", Role::Approver, 2)?.key_id()).await?, None);
    Ok(())
}

async fn a_pairing_is_found_by_its_code_until_it_is_completed(store: Store) -> Checked {
    assert_eq!(store.open_pairing(pairing(1)?, 9, NOW).await?, Opened::Done);
    let found = store.pairing_by_code("CODE-1", after(LIFE - 1)).await?;
    assert_eq!(found.as_ref().map(|p| p.nonce.as_str()), Some("nonce-1"));
    assert_eq!(found, store.pairing("nonce-1").await?);
    assert!(store.device("enf-1").await?.is_some(), "the enforcer is registered with it");
    assert_eq!(store.pairing_by_code("CODE-1", after(LIFE)).await?, None);
    assert_eq!(store.pairing_by_code("CODE-2", NOW).await?, None);
    store.complete_pairing("nonce-1", completion(1)?, NOW).await?;
    assert_eq!(store.pairing_by_code("CODE-1", NOW).await?, None);
    Ok(())
}

async fn a_code_is_held_by_one_pairing_at_a_time(store: Store) -> Checked {
    assert_eq!(store.open_pairing(pairing(1)?, 9, NOW).await?, Opened::Done);
    let mut same_code = pairing(2)?;
    same_code.code = "CODE-1".to_owned();
    assert_eq!(store.open_pairing(same_code.clone(), 9, NOW).await?, Opened::CodeTaken);
    assert_eq!(store.device("enf-2").await?, None, "nothing is written with it");
    let mut same_nonce = pairing(2)?;
    same_nonce.nonce = "nonce-1".to_owned();
    assert_eq!(store.open_pairing(same_nonce, 9, NOW).await?, Opened::CodeTaken);
    let mut other_key = pairing(2)?;
    other_key.enforcer.device_id = "enf-1".to_owned();
    assert_eq!(store.open_pairing(other_key, 9, NOW).await?, Opened::DeviceConflict);
    same_code.expires_at = after(3 * LIFE);
    assert_eq!(store.open_pairing(same_code, 9, after(LIFE)).await?, Opened::Done);
    let holder = store.pairing_by_code("CODE-1", after(LIFE)).await?;
    assert_eq!(holder.map(|p| p.nonce).as_deref(), Some("nonce-2"));
    Ok(())
}

async fn open_pairings_are_limited(store: Store) -> Checked {
    assert_eq!(store.open_pairing(pairing(1)?, 2, NOW).await?, Opened::Done);
    assert_eq!(store.open_pairing(pairing(2)?, 2, NOW).await?, Opened::Done);
    assert_eq!(store.open_pairing(pairing(3)?, 2, NOW).await?, Opened::Full);
    store.complete_pairing("nonce-1", completion(1)?, NOW).await?;
    assert_eq!(store.open_pairing(pairing(3)?, 2, NOW).await?, Opened::Done);
    assert_eq!(store.open_pairing(pairing(4)?, 2, NOW).await?, Opened::Full);
    let mut later = pairing(4)?;
    later.expires_at = after(2 * LIFE);
    assert_eq!(store.open_pairing(later, 2, after(LIFE)).await?, Opened::Done);
    Ok(())
}

async fn a_pairing_is_completed_once(store: Store) -> Checked {
    store.open_pairing(pairing(1)?, 9, NOW).await?;
    assert_eq!(store.complete_pairing("nonce-9", completion(1)?, NOW).await?, PairingStep::Unknown);
    let step = store.complete_pairing("nonce-1", completion(1)?, NOW).await?;
    let PairingStep::Done(done) = &step else {
        assert!(matches!(step, PairingStep::Done(_)), "the first completion is taken: {step:?}");
        return Ok(());
    };
    assert_eq!(done.completion, Some(completion(1)?));
    assert_eq!(store.pairing("nonce-1").await?.as_ref(), Some(&**done));
    assert!(store.device("app-1").await?.is_some(), "the approver is registered with it");
    for again in [completion(1)?, completion(2)?] {
        let step = store.complete_pairing("nonce-1", again, NOW).await?;
        assert_eq!(step, PairingStep::Conflict(PairingState::Completed));
    }
    assert_eq!(store.device("app-2").await?, None, "nothing is written with a refusal");
    Ok(())
}

async fn a_pairing_ends_in_time(store: Store) -> Checked {
    store.open_pairing(pairing(1)?, 9, NOW).await?;
    let late = store.complete_pairing("nonce-1", completion(1)?, after(LIFE)).await?;
    assert_eq!(late, PairingStep::Conflict(PairingState::Expired));
    store.complete_pairing("nonce-1", completion(1)?, after(LIFE - 1)).await?;
    let yes = confirmation(Role::Enforcer, "enf-1", true);
    let late = store.confirm_pairing("nonce-1", yes, after(LIFE)).await?;
    assert_eq!(late, PairingStep::Conflict(PairingState::Expired));
    let submitted = store.submit_artifact(submission(1, "r"), 9, NOW).await?;
    assert_eq!(submitted, Submitted::NoRoute);
    Ok(())
}

async fn a_known_device_must_prove_itself(store: Store) -> Checked {
    paired(&store, 1).await?;
    store.open_pairing(pairing(2)?, 9, NOW).await?;
    let step = store.complete_pairing("nonce-2", completion(1)?, NOW).await?;
    assert_eq!(step, PairingStep::DeviceConflict, "anyone could say that it is app-1");
    let mut other_keys = completion(3)?;
    other_keys.approver.device_id = "app-1".to_owned();
    other_keys.proven = true;
    let step = store.complete_pairing("nonce-2", other_keys, NOW).await?;
    assert_eq!(step, PairingStep::DeviceConflict);
    let mut itself = completion(3)?;
    itself.approver = device("self", Role::Approver, 2)?;
    let step = store.complete_pairing("nonce-2", itself, NOW).await?;
    assert_eq!(step, PairingStep::DeviceConflict, "an enforcer's key is no approver's");
    let proven = Completion { proven: true, ..completion(1)? };
    let step = store.complete_pairing("nonce-2", proven, NOW).await?;
    assert!(matches!(step, PairingStep::Done(_)), "a proven device pairs again: {step:?}");
    Ok(())
}

async fn the_commitment_is_opened_once(store: Store) -> Checked {
    store.open_pairing(pairing(1)?, 9, NOW).await?;
    let early = store.reveal_pairing("nonce-1", "enf-1", "r", NOW).await?;
    assert_eq!(early, PairingStep::Conflict(PairingState::Open));
    store.complete_pairing("nonce-1", completion(1)?, NOW).await?;
    let stranger = store.reveal_pairing("nonce-1", "app-1", "r", NOW).await?;
    assert_eq!(stranger, PairingStep::Unknown);
    for _ in 0..2 {
        let step = store.reveal_pairing("nonce-1", "enf-1", "r", NOW).await?;
        assert!(matches!(&step, PairingStep::Done(p) if p.r.as_deref() == Some("r")), "{step:?}");
    }
    let other = store.reveal_pairing("nonce-1", "enf-1", "s", NOW).await?;
    assert_eq!(other, PairingStep::Conflict(PairingState::Revealed));
    Ok(())
}

async fn only_the_devices_of_a_pairing_speak_in_it(store: Store) -> Checked {
    paired(&store, 2).await?;
    store.open_pairing(pairing(1)?, 9, NOW).await?;
    let early = confirmation(Role::Enforcer, "enf-1", true);
    let early = store.confirm_pairing("nonce-1", early, NOW).await?;
    assert_eq!(early, PairingStep::Conflict(PairingState::Open));
    store.complete_pairing("nonce-1", completion(1)?, NOW).await?;
    for (role, id) in [
        (Role::Enforcer, "app-1"),
        (Role::Approver, "enf-1"),
        (Role::Enforcer, "enf-2"),
        (Role::Approver, "app-2"),
    ] {
        let step = store.confirm_pairing("nonce-1", confirmation(role, id, true), NOW).await?;
        assert_eq!(step, PairingStep::Unknown, "{id} as {role:?}");
    }
    Ok(())
}

async fn a_no_closes_the_route(store: Store) -> Checked {
    paired(&store, 1).await?;
    let open = store.submit_artifact(submission(1, "one"), 9, NOW).await?;
    assert!(matches!(open, Submitted::Accepted { .. }), "the enforcer's yes opens it: {open:?}");
    let other_word = confirmation(Role::Enforcer, "enf-1", false);
    let other_word = store.confirm_pairing("nonce-1", other_word, NOW).await?;
    assert_eq!(other_word, PairingStep::Conflict(PairingState::Confirmed));
    let no = confirmation(Role::Approver, "app-1", false);
    let step = store.confirm_pairing("nonce-1", no, NOW).await?;
    assert!(matches!(step, PairingStep::Done(_)), "{step:?}");
    let closed = store.submit_artifact(submission(1, "two"), 9, NOW).await?;
    assert_eq!(closed, Submitted::NoRoute);
    let mut refused = pairing(2)?;
    refused.expires_at = after(LIFE);
    store.open_pairing(refused, 9, NOW).await?;
    store.complete_pairing("nonce-2", completion(2)?, NOW).await?;
    let no = confirmation(Role::Approver, "app-2", false);
    store.confirm_pairing("nonce-2", no, NOW).await?;
    let yes = confirmation(Role::Enforcer, "enf-2", true);
    let step = store.confirm_pairing("nonce-2", yes, NOW).await?;
    assert_eq!(step, PairingStep::Conflict(PairingState::Refused));
    Ok(())
}

async fn a_route_is_for_its_own_enforcer(store: Store) -> Checked {
    paired(&store, 1).await?;
    paired(&store, 2).await?;
    for route in [Route::Token("token-1".to_owned()), Route::Approver("app-1".to_owned())] {
        let mut strange = submission(2, "r");
        strange.route = route;
        assert_eq!(store.submit_artifact(strange, 9, NOW).await?, Submitted::NoRoute);
    }
    let mut own = submission(1, "r");
    own.route = Route::Token("token-1".to_owned());
    let accepted = Submitted::Accepted { approver_id: "app-1".to_owned() };
    assert_eq!(store.submit_artifact(own, 9, NOW).await?, accepted);
    Ok(())
}

async fn revoking_cancels_what_waits(store: Store) -> Checked {
    paired(&store, 1).await?;
    paired(&store, 2).await?;
    store.submit_artifact(submission(1, "mine"), 9, NOW).await?;
    store.submit_artifact(submission(2, "other"), 9, NOW).await?;
    assert_eq!(store.revoke_route("app-1", "enf-2", NOW).await?, []);
    let ended = Ended {
        request_id: "mine".to_owned(),
        enforcer_id: "enf-1".to_owned(),
        approver_id: "app-1".to_owned(),
    };
    assert_eq!(store.revoke_route("app-1", "enf-1", NOW).await?, [ended]);
    assert_eq!(store.revoke_route("enf-1", "app-1", NOW).await?, []);
    let state = async |id: &str, request: &str| {
        let exchange = store.exchange(Party::Enforcer(id), request, NOW).await?;
        Ok::<_, StoreError>(exchange.map(|e| e.state))
    };
    assert_eq!(state("enf-1", "mine").await?, Some(State::Cancelled));
    assert_eq!(state("enf-2", "other").await?, Some(State::PendingApproval));
    assert_eq!(store.inbox("app-1", None, 9, NOW).await?, []);
    let closed = store.submit_artifact(submission(1, "next"), 9, NOW).await?;
    assert_eq!(closed, Submitted::NoRoute);
    Ok(())
}

async fn who_may_be_asked_is_known(store: Store) -> Checked {
    assert!(!store.may_be_asked("app-1", NOW).await?, "nobody knows it");
    store.open_pairing(pairing(1)?, 9, NOW).await?;
    store.complete_pairing("nonce-1", completion(1)?, NOW).await?;
    assert!(store.may_be_asked("app-1", NOW).await?, "a yes may come yet");
    assert!(!store.may_be_asked("app-1", after(LIFE)).await?, "it never came");
    let yes = confirmation(Role::Enforcer, "enf-1", true);
    store.confirm_pairing("nonce-1", yes, NOW).await?;
    assert!(store.may_be_asked("app-1", after(LIFE)).await?);
    paired(&store, 2).await?;
    store.revoke_route("enf-1", "app-1", NOW).await?;
    assert!(!store.may_be_asked("app-1", NOW).await?, "also while its pairing is remembered");
    assert!(store.may_be_asked("app-2", NOW).await?, "another's");
    assert!(!store.may_be_asked("enf-2", NOW).await?, "an enforcer asks");
    Ok(())
}

async fn a_yes_said_again_reopens_nothing(store: Store) -> Checked {
    paired(&store, 1).await?;
    store.revoke_route("app-1", "enf-1", NOW).await?;
    let yes = confirmation(Role::Enforcer, "enf-1", true);
    let step = store.confirm_pairing("nonce-1", yes, NOW).await?;
    assert!(matches!(step, PairingStep::Done(_)), "again is fine: {step:?}");
    let late = confirmation(Role::Approver, "app-1", true);
    store.confirm_pairing("nonce-1", late, NOW).await?;
    let closed = store.submit_artifact(submission(1, "r"), 9, NOW).await?;
    assert_eq!(closed, Submitted::NoRoute);
    Ok(())
}

async fn forgetting_spares_what_is_needed(store: Store) -> Checked {
    paired(&store, 1).await?;
    store.open_pairing(pairing(2)?, 9, NOW).await?;
    assert_eq!(store.forget(after(LIFE)).await?, 0, "a pairing that ends now has not ended before");
    assert_eq!(store.forget(after(LIFE + 1)).await?, 2);
    assert_eq!(store.pairing("nonce-1").await?, None);
    assert!(store.device("enf-1").await?.is_some(), "a route names it");
    assert!(store.device("app-1").await?.is_some(), "a route names it");
    assert_eq!(store.device("enf-2").await?, None, "nothing names it");
    let open = store.submit_artifact(submission(1, "r"), 9, NOW).await?;
    assert!(matches!(open, Submitted::Accepted { .. }), "the route outlives its pairing: {open:?}");
    Ok(())
}
