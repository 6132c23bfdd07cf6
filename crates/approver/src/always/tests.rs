use super::*;
use crate::fixture::{self, Ask};
use crate::review::{Review, render_text};
use crate::sign::{Reply, sign};
use countersign_core::artifact::{Context, Risk, Route};
use countersign_core::decision::hint;
use countersign_core::json;

fn ask(change: impl FnOnce(&mut Route)) -> Ask {
    let mut route = Route {
        grant: Some(GrantOffer { max_seconds: 3_600, session: false }),
        risk: Risk::Medium,
        ..fixture::route()
    };
    change(&mut route);
    let context = Context { workspace: Some("/work".into()), ..Ask::default().context };
    Ask { route: Some(route), context, ..Ask::default() }
}

fn wish(end: End) -> Wish {
    Wish { end, count: None, this_session: false }
}

fn taken(ask: &Ask, wish: &Wish) -> Result<Taken, SignError> {
    take(&fixture::opened(ask), wish, fixture::now())
}

#[test]
fn a_wish_is_fitted_to_the_offer() {
    let usual = taken(&ask(|_| ()), &wish(End::Usual)).unwrap();
    let head = fixture::opened(&ask(|_| ())).artifact().head.clone();
    // The request is a minute old: its hour ends an hour after it was made.
    let offer = GrantOffer { max_seconds: 3_600, session: false };
    assert_eq!(usual.expires_at.instant(), latest(&head, offer));
    let short = taken(&ask(|_| ()), &wish(End::After(600))).unwrap();
    assert_eq!(short.expires_at.instant(), fixture::now().plus_millis(600_000));
}

#[test]
fn attack_45_more_than_the_offer_is_not_signed() {
    let late = End::At(fixture::now().plus_millis(7_200_000).timestamp());
    for end in [End::After(3_601), End::After(0), late] {
        let refused = taken(&ask(|_| ()), &wish(end)).unwrap_err();
        assert_eq!(refused.to_string(), "that is more than what is on offer: at most 1 hour");
    }
    assert_eq!(taken(&Ask::default(), &wish(End::Usual)), Err(SignError::NothingOffered));
    let critical = ask(|route| route.risk = Risk::Critical);
    assert_eq!(taken(&critical, &wish(End::Usual)), Err(SignError::NothingOffered));
    // Also one that was put together by hand.
    let wide = Taken {
        expires_at: fixture::now().plus_millis(7_200_000).timestamp(),
        session: None,
        count: None,
    };
    let reply = Reply::always(wide);
    let (opened, random) = (fixture::opened(&ask(|_| ())), &mut fixture::random(3));
    let refused = sign(&opened, &reply, &fixture::device(), fixture::now(), random);
    assert!(matches!(refused, Err(SignError::MoreThanOffered(_))), "{refused:?}");
}

#[test]
fn what_is_granted_is_shown_signed_and_hashed_with_the_review() {
    let opened = fixture::opened(&ask(|_| ()));
    let taken = take(&opened, &Wish { count: Some(2), ..wish(End::Usual) }, fixture::now());
    let reply = Reply::always(taken.unwrap());
    let review = Review::answering(&opened, &reply);
    let text = render_text(&review, 100, false);
    let end = reply.always.as_ref().unwrap().expires_at.to_string();
    for line in ["What you grant", "exactly this call and no other", "2 times", end.as_str()] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let plain = render_text(&Review::of(&opened), 100, false);
    assert!(!plain.contains("What you grant") && plain.contains("at most 1 hour"), "{plain}");
    let random = &mut fixture::random(3);
    let signed = sign(&opened, &reply, &fixture::device(), fixture::now(), random).unwrap();
    let decision = &signed.answer.decision;
    let said: Taken = json::typed_ref(decision.hint(hint::GRANT).unwrap()).unwrap();
    assert_eq!(Some(said), reply.always);
    let shown = review.display_hash().unwrap().to_string();
    assert_eq!(decision.hint(hint::DISPLAY_HASH).unwrap(), &shown);
}

#[test]
fn a_wish_for_this_session_names_it() {
    let this = Wish { this_session: true, ..wish(End::Usual) };
    let of = |ask: &Ask| fixture::opened(ask).artifact().head.session_id.clone();
    let plain = ask(|_| ());
    assert_eq!(taken(&plain, &this).map(|t| t.session).ok(), of(&plain).map(Some));
    let bound = ask(|route| route.grant = Some(GrantOffer { max_seconds: 60, session: true }));
    assert_eq!(taken(&bound, &wish(End::Usual)).map(|t| t.session).ok(), of(&bound).map(Some));
}
