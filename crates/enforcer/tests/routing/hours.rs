//! What is asked for changes with the hour, under one policy: an approval is used only where it is
//! enough for what is asked at that moment.

use super::*;
use countersign_enforcer::Quorum;
use countersign_store::ledger::LedgerError;

const EITHER: &str = "approvers = [\"ann\", \"bob\"]\ntimeout = \"2h\"\n";
const ANYONE: &str = "approvers = [\"anyone\"]\ntimeout = \"2h\"\n";
const BOTH: &str = "quorum = 2\napprovers = [\"anyone\"]\ntimeout = \"2h\"\n";

const MORE: &str = "the policy asks for more by now";
const FEWER: &str = "who allowed it is not enough any more";

/// The same from 03:00 on with another rule besides; it is 02:40.
fn then(asks: &str, more: &str) -> String {
    then_where("", asks, more)
}

fn then_where(condition: &str, asks: &str, more: &str) -> String {
    // What asks nobody by itself joins those that do.
    let asks_itself = more.contains("approvers") || more.contains("quorum");
    let decision = if asks_itself { "decision = \"require_approval\"\n" } else { "" };
    format!(
        "{asks}[[rule]]\nid = \"mornings\"\ntools = [\"spin\"]\n\
         conditions = [{{ field = \"time\", gte = \"03:00\" }}{condition}]\n{decision}{more}"
    )
}

/// What comes of an approval by these, in this order, that is used half an hour later.
async fn used_then(asks: &str, said: &[(usize, Word)]) -> Result<(), String> {
    let world = world(asks).await;
    let question = world.question().await;
    asked_then(&world, &question, said).await
}

async fn asked_then(
    world: &World,
    question: &Question,
    said: &[(usize, Word)],
) -> Result<(), String> {
    let mut request = world.put(question).await;
    for (who, word) in said {
        request = world.says(&request, *who, *word).await.unwrap();
    }
    assert_eq!(request.state, State::Approved);
    world.later(30 * MINUTE);
    why(world.claim(&request).await)
}

fn why(used: Result<(), GateError>) -> Result<(), String> {
    match used {
        Ok(()) => Ok(()),
        Err(GateError::Ledger(LedgerError::Void { message, .. })) => Err(message),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn attack_19_an_approval_is_void_once_the_policy_asks_for_more() {
    let ann = [(0, Word::Allow)];
    for nothing_more in ["approvers = [\"ann\", \"bob\"]\n", "min_assurance = \"local\"\n"] {
        assert_eq!(used_then(&then(EITHER, nothing_more), &ann).await, Ok(()), "{nothing_more}");
    }
    for more in [
        "require_reason = true\n",
        "risk = \"high\"\n",
        "min_assurance = \"device\"\n",
        "decision = \"block\"\n",
    ] {
        let known = "[[classify]]\ntools = [\"spin\"]\nrisk = \"medium\"\n";
        let used = used_then(&format!("{}{known}", then(EITHER, more)), &ann).await;
        assert_eq!(used, Err(MORE.to_owned()), "{more}");
    }
}

/// Whom it would ask otherwise, and what of them, matters no more.
#[tokio::test]
async fn an_approval_is_used_once_the_policy_asks_nobody_any_more() {
    let asks = format!(
        "conditions = [{{ field = \"time\", lt = \"03:00\" }}]\nrequire_reason = false\n{EITHER}\
         [[rule]]\nid = \"mornings\"\ntools = [\"spin\"]\n\
         conditions = [{{ field = \"time\", gte = \"03:00\" }}]\ndecision = \"allow\"\n\
         [[classify]]\ntools = [\"spin\"]\nrisk = \"low\"\n\
         [defaults]\napprovers = [\"bob\"]\nrequire_reason = true\n"
    );
    assert_eq!(used_then(&asks, &[(0, Word::Allow)]).await, Ok(()));
}

/// What was asked for from the beginning is not more.
#[tokio::test]
async fn an_approval_that_gave_a_reason_for_what_is_risky_is_used() {
    let world = world(&format!("{EITHER}require_reason = true\nrisk = \"high\"\n")).await;
    let request = world.suspended().await;
    let reason = countersign_core::decision::Reason {
        text: "as planned".to_owned(),
        salt: Fixed(world.edge.random().unwrap()),
    };
    let hints = json!({countersign_core::decision::hint::REASON_HASH: reason.hash()});
    let (at, answer) = world.signed(&request, 0, Word::Allow, Some(hints));
    let answer = Answer { reason: Some(reason), ..answer };
    let approved = world.enforcer.accept(&request, &request.asked[at], answer).await.unwrap();
    world.later(30 * MINUTE);
    world.claim(&approved).await.unwrap();
}

#[tokio::test]
async fn attack_19_an_approval_is_void_once_others_must_answer() {
    let (ann, both) = ([(0, Word::Allow)], [(0, Word::Allow), (1, Word::Allow)]);
    for (asks, more, said) in [
        (EITHER, "approvers = [\"bob\"]\n", &ann[..]),
        (ANYONE, "approvers = [\"bob\", \"cat\"]\n", &ann),
        (ANYONE, "quorum = 2\napprovers = [\"anyone\"]\n", &ann),
        // She is all that both lists ask for, and two persons must be there.
        (ANYONE, "quorum = { ann = 1, anyone = 1 }\n", &ann),
        (BOTH, "approvers = [\"cat\"]\n", &both),
    ] {
        let used = used_then(&then(asks, more), said).await;
        assert_eq!(used, Err(FEWER.to_owned()), "{more}");
    }
    for (asks, more, said) in [
        (EITHER, "approvers = [\"ann\", \"cat\"]\n", &ann[..]),
        (BOTH, "approvers = [\"bob\"]\n", &both),
        (BOTH, "quorum = { ann = 1, bob = 1 }\n", &both),
    ] {
        assert_eq!(used_then(&then(asks, more), said).await, Ok(()), "{more}");
    }
}

#[tokio::test]
async fn attack_43_a_no_that_was_outvoted_ends_it_once_one_no_does() {
    let said = [(2, Word::Deny), (0, Word::Allow), (1, Word::Allow)];
    assert_eq!(used_then(&then(BOTH, "veto = false\n"), &said).await, Ok(()));
    assert_eq!(used_then(&then(BOTH, "veto = true\n"), &said).await, Err(FEWER.to_owned()));
}

/// The yeses are enough by themselves, and the no was heard while it counted.
#[tokio::test]
async fn attack_43_a_no_of_somebody_who_is_not_asked_any_more_is_not_passed_over() {
    let said = [(2, Word::Deny), (0, Word::Allow), (1, Word::Allow)];
    let until = Instant(START + 15 * MINUTE).timestamp();
    let asks = format!(
        "quorum = 2\napprovers = [\"ann\", \"bob\", \"zoe\"]\ntimeout = \"2h\"\n\
         [[approver]]\nname = \"zoe\"\n\
         may_delegate_to = [{{ to = \"cat\", until = \"{until}\" }}]\n"
    );
    assert_eq!(used_then(&asks, &said).await, Err(FEWER.to_owned()));
    assert_eq!(used_then(&asks, &said[1..]).await, Ok(()), "the others are enough");
}

/// Whoever asked may have wanted more people than the policy does: then one no did not end it.
#[tokio::test]
async fn a_no_that_was_outvoted_stays_so_where_the_caller_asked_for_more_people() {
    let world = world(ANYONE).await;
    let mut question = world.question().await;
    let quorum = Quorum { threshold: 2, ..question.grounds.quorum().clone() };
    question.grounds = question.grounds.clone().with_quorum(quorum);
    let said = [(2, Word::Deny), (0, Word::Allow), (1, Word::Allow)];
    assert_eq!(asked_then(&world, &question, &said).await, Ok(()));
}

#[tokio::test]
async fn attack_43_who_is_asked_next_answers_for_themselves_and_only_when_asked() {
    let world = world(THEN_CAT).await;
    let request = world.suspended().await;
    world.later(5 * MINUTE);
    let next = world.next_round(&request).await.unwrap();
    let approved = world.says(&next, 2, Word::Allow).await.unwrap();
    assert_eq!(why(world.claim(&approved).await), Ok(()));
    // Ann was asked first. By now she would only be asked after bob, who never was.
    let asks = then(
        "timeout = \"2h\"\n",
        "approvers = [\"bob\"]\nescalation = [{ to = \"ann\", after = \"5m\" }]\n\
         [defaults]\napprovers = [\"anyone\"]\n",
    );
    assert_eq!(used_then(&asks, &[(0, Word::Allow)]).await, Err(FEWER.to_owned()));
}

#[tokio::test]
async fn attack_19_who_was_asked_next_and_is_not_any_more_does_not_count() {
    let until = Instant(START + 15 * MINUTE).timestamp();
    let text = format!(
        "approvers = [\"ann\"]\ntimeout = \"2h\"\n\
         escalation = [{{ to = \"bob\", after = \"5m\" }}]\n\
         [[approver]]\nname = \"bob\"\n\
         may_delegate_to = [{{ to = \"cat\", until = \"{until}\" }}]\n"
    );
    for (wait, expected) in [(MINUTE, Ok(())), (20 * MINUTE, Err(FEWER.to_owned()))] {
        let world = world(&text).await;
        let request = world.suspended().await;
        world.later(5 * MINUTE);
        let next = world.next_round(&request).await.unwrap();
        let approved = world.says(&next, 2, Word::Allow).await.unwrap();
        world.later(wait);
        assert_eq!(why(world.claim(&approved).await), expected, "{wait}");
    }
}

/// The policies of now are asked about the same call by the same caller.
#[tokio::test]
async fn attack_44_what_the_caller_says_of_itself_is_judged_again() {
    for (field, value, void) in [
        ("agent", "codex", true),
        ("session", "night", true),
        ("account", "uid:1", true),
        ("agent", "other", false),
    ] {
        let condition = format!(", {{ field = \"{field}\", equals = \"{value}\" }}");
        let world = world(&then_where(&condition, EITHER, "decision = \"block\"\n")).await;
        let mut question = world.question().await;
        question.context.agent = Some("codex".into());
        question.context.session = Some("night".into());
        let used = asked_then(&world, &question, &[(0, Word::Allow)]).await;
        let expected = if void { Err(MORE.to_owned()) } else { Ok(()) };
        assert_eq!(used, expected, "{field} {value}");
    }
}

/// What cannot be read any more does not stand aside.
#[tokio::test]
async fn attack_20_a_policy_that_cannot_be_read_voids_what_was_approved_under_it() {
    let world = world(EITHER).await;
    let request = world.suspended().await;
    let approved = world.says(&request, 0, Word::Allow).await.unwrap();
    let path = world.dir.path().join("policy.toml");
    let text = std::fs::read(&path).unwrap();
    std::fs::write(&path, "version = \n").unwrap();
    assert!(why(world.claim(&approved).await).is_err());
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(why(world.claim(&approved).await).is_err());
    std::fs::remove_dir(&path).unwrap();
    std::fs::write(&path, text).unwrap();
    assert_eq!(why(world.claim(&approved).await), Ok(()));
}
