//! Who sits where, and who does not: each condition by itself, over texts and keys alone.

use super::*;
use crate::edge::Edge;
use crate::pairing::Candidate;
use crate::policy::layers::{hash_of, surroundings};
use crate::policy::{Sources, moment};
use countersign_core::action::{Action, Request};
use countersign_core::artifact::Assurance;
use countersign_core::keys::SecretKeys;
use countersign_policy::load::{Dialect, load_with_places};
use countersign_policy::{Asker, Facts, Layer, LayerName};
use serde_json::json;
use std::path::Path;

const NOW: Instant = Instant(1_770_000_000_000);
const SPIN: &str = "[[rule]]\nid = \"spin\"\ntools = [\"spin\"]\ndecision = \"require_approval\"\n";
const ALSO: &str = "[[rule]]\nid = \"also\"\ntools = [\"spin\"]\ndecision = \"require_approval\"\n";

fn way(n: u8, person: &str, roles: &[&str]) -> Way {
    let keys = SecretKeys::from_bytes(&[n; 64]).unwrap();
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    let Candidate { approver, .. } =
        Candidate::local(*keys.public(), person, roles, &Edge::system()).of(person);
    Way { pairing: None, approver }
}

/// Ann, who is of finance, bob and cat.
fn people() -> Vec<Way> {
    vec![way(11, "ann", &["finance"]), way(12, "bob", &[]), way(13, "cat", &[])]
}

fn layer(name: LayerName, text: &str, accepted: bool) -> Layer {
    let text = format!("version = 1\n{text}");
    let (policy, _) = load_with_places(text.as_bytes(), Dialect::Toml).unwrap();
    Layer { name, policy, sha256: hash_of(text.as_bytes()), accepted }
}

fn sit(layers: Vec<Layer>, ways: &[Way]) -> Result<Seated, PolicyError> {
    let engine = Engine::new(layers).unwrap();
    let call = Request { action: "spin".into(), parameters: json!({}), verb: None };
    let place = surroundings(Path::new("/h"), &Sources::default(), "/w");
    let facts = Facts::of(&Action::Request(call), Asker::default(), place, moment(NOW)).unwrap();
    seated(&engine.judge(&facts), &engine, ways, NOW)
}

/// Whom a home's accepted text asks.
fn asked(text: &str, ways: &[Way]) -> Result<Seated, PolicyError> {
    sit(vec![layer(LayerName::Home, text, true)], ways)
}

fn names(ways: &[Way]) -> Vec<&str> {
    ways.iter().map(|way| way.approver.person.as_str()).collect()
}

/// The persons whom the text asks; nobody where it is refused.
fn persons(text: &str) -> Vec<String> {
    let seated = asked(text, &people());
    seated.map(|s| names(&s.ways).into_iter().map(str::to_owned).collect()).unwrap_or_default()
}

fn groups(seated: &Seated) -> Vec<(&str, Vec<&str>, u32)> {
    let mut all = Vec::new();
    for Group { name, persons, threshold } in &seated.quorum.groups {
        let persons = persons.iter().map(String::as_str).collect();
        all.push((name.as_deref().unwrap(), persons, *threshold));
    }
    all
}

#[test]
fn who_is_on_every_list_decides_alone_where_one_person_does() {
    let text =
        format!("{SPIN}approvers = [\"ann\", \"bob\"]\n{ALSO}approvers = [\"bob\", \"cat\"]\n");
    let seated = asked(&text, &people()).unwrap();
    assert_eq!((names(&seated.ways), seated.quorum.threshold), (vec!["bob"], 1));
    assert!(groups(&seated).is_empty());
}

#[test]
fn attack_43_where_nobody_is_on_every_list_each_list_is_met_and_nobody_else_counts() {
    let text = format!(
        "{SPIN}approvers = [\"ann\"]\nescalation = [{{ to = \"cat\", after = \"1m\" }}]\n\
         {ALSO}approvers = [\"bob\"]\n"
    );
    let seated = asked(&text, &people()).unwrap();
    assert_eq!(names(&seated.ways), ["ann", "bob"]);
    assert_eq!(groups(&seated), [("ann", vec!["ann"], 1), ("bob", vec!["bob"], 1)]);
    // What two lists ask for is not handed to one person.
    assert_eq!((&seated.quorum.chain[..], seated.quorum.first_millis), (&[][..], None));
}

#[test]
fn attack_43_where_two_must_allow_one_who_is_on_every_list_does_not_decide() {
    let text = format!("{SPIN}quorum = 2\napprovers = [\"anyone\"]\n{ALSO}approvers = [\"bob\"]\n");
    let seated = asked(&text, &people()).unwrap();
    assert_eq!((names(&seated.ways), seated.quorum.threshold), (vec!["ann", "bob", "cat"], 2));
    let all = vec!["ann", "bob", "cat"];
    assert_eq!(groups(&seated), [("anyone", all, 2), ("bob", vec!["bob"], 1)]);
    // Of one list the number says it all.
    let one = asked(&format!("{SPIN}quorum = 2\napprovers = [\"anyone\"]\n"), &people()).unwrap();
    assert_eq!((one.quorum.threshold, groups(&one).len()), (2, 0));
}

#[test]
fn attack_10_more_persons_than_there_are_is_refused_of_each_list_and_of_all() {
    let refused = |text: &str, ways: &[Way]| {
        let Err(PolicyError::Quorum { need, have, .. }) = asked(text, ways) else {
            panic!("{text} is met")
        };
        assert_eq!(need, "2 persons");
        have
    };
    // One list by itself, where all lists together have enough.
    let text = format!(
        "{SPIN}quorum = 2\napprovers = [\"role:finance\"]\n{ALSO}approvers = [\"anyone\"]\n"
    );
    assert_eq!(refused(&text, &people()), "only 1 person who may answer: `ann`");
    // All of them together, where each list has enough: one person on two devices.
    let text = format!("{SPIN}quorum = {{ ann = 1, anyone = 1 }}\n");
    let anns = [way(11, "ann", &[]), way(14, "ann", &[])];
    assert_eq!(refused(&text, &anns), "only 1 person who may answer: `ann`");
    assert_eq!(asked(&text, &people()).unwrap().quorum.threshold, 2);
    // Who cannot reach what is asked for is none of them.
    let text = format!("{SPIN}quorum = 2\napprovers = [\"anyone\"]\nmin_assurance = \"device\"\n");
    let mut ways = people();
    assert_eq!(refused(&text, &ways), "nobody who may answer is pinned");
    ways[0].approver.assurance = Assurance::Device;
    assert_eq!(refused(&text, &ways), "only 1 person who may answer: `ann`");
    ways[1].approver.assurance = Assurance::Device;
    assert_eq!(asked(&text, &ways).unwrap().ways.len(), 3, "exactly as many as must");
}

/// Whether one person of enough assurance is there is for the question to say.
#[test]
fn where_one_decides_assurance_is_left_to_the_question() {
    let text = format!("{SPIN}approvers = [\"ann\"]\nmin_assurance = \"verified\"\n");
    assert_eq!(persons(&text), ["ann"]);
}

#[test]
fn a_list_of_nobody_is_refused_by_its_name() {
    let label = |text: &str, ways: &[Way]| match asked(text, ways) {
        Err(PolicyError::Nobody { label, .. }) => label,
        other => panic!("{other:?}"),
    };
    assert_eq!(label(&format!("{SPIN}approvers = [\"anyone\"]\n"), &[]), "anyone");
    let text = format!("{SPIN}approvers = [\"zoe\", \"role:legal\"]\n");
    assert_eq!(label(&text, &people()), "role:legal`, `zoe");
    // Not even where another list has somebody.
    let text = format!("{SPIN}approvers = [\"zoe\"]\n{ALSO}approvers = [\"ann\"]\n");
    assert_eq!(label(&text, &people()), "zoe");
}

#[test]
fn attack_08_a_label_is_a_person_a_device_or_a_role_and_nothing_else() {
    let of = |label: &str| persons(&format!("{SPIN}approvers = [\"{label}\"]\n"));
    assert_eq!(of("ann"), ["ann"]);
    assert_eq!(of("finance"), ["ann"]);
    assert_eq!(of("role:finance"), ["ann"]);
    assert!(of("role:ann").is_empty() && of("role:bob").is_empty() && of("an").is_empty());
    let mut ways = people();
    ways[1].approver.label = "tablet".into();
    let text = format!("{SPIN}approvers = [\"tablet\"]\n");
    assert_eq!(names(&asked(&text, &ways).unwrap().ways), ["bob"]);
    // A person who is called like a role has it no more than anybody else.
    ways[2].approver.person = "role:legal".into();
    assert!(asked(&format!("{SPIN}approvers = [\"role:legal\"]\n"), &ways).is_err());
}

#[test]
fn an_accepted_text_adds_groups_roles_and_those_who_stand_in() {
    let all = ["ann", "cat"].map(|name| format!("[[approver]]\nname = \"{name}\"\n")).concat();
    let of =
        |label: &str, more: &str| persons(&format!("{SPIN}approvers = [\"{label}\"]\n{all}{more}"));
    let legal = "[[approver]]\nname = \"bob\"\nroles = [\"legal\"]\n";
    assert_eq!(of("role:legal", legal), ["bob"]);
    assert_eq!(of("role:finance", legal), ["ann"], "what was pinned stays");
    let group = "[[approver]]\nname = \"desk\"\nmembers = [\"role:finance\", \"cat\"]\n";
    assert_eq!(of("desk", group), ["ann", "cat"]);
    let nested =
        format!("{legal}{group}[[approver]]\nname = \"house\"\nmembers = [\"desk\", \"bob\"]\n");
    assert_eq!(of("house", &nested), ["ann", "bob", "cat"]);
    assert_eq!(of("bob", &nested), ["bob"], "who is in a group is not all of it");
}

/// As many groups in one another as nobody writes end in nobody, not in anybody.
#[test]
fn attack_08_a_label_that_leads_on_and_on_is_nobody() {
    let chain = |deep: usize| {
        let group =
            |n: usize| format!("[[approver]]\nname = \"g{n}\"\nmembers = [\"g{}\"]\n", n + 1);
        let groups: String = (1..deep).map(group).collect();
        let last = format!(
            "[[approver]]\nname = \"g{deep}\"\nmembers = [\"ann\"]\n[[approver]]\nname = \"ann\"\n"
        );
        persons(&format!("{SPIN}approvers = [\"g1\"]\n{groups}{last}"))
    };
    assert_eq!(chain(DEPTH - 1), ["ann"]);
    assert!(chain(DEPTH).is_empty());
}

#[test]
fn attack_11_what_nobody_accepted_says_nothing_of_people() {
    let ask = layer(LayerName::Home, &format!("{SPIN}approvers = [\"bob\"]\n"), true);
    let stands_in = "[[approver]]\nname = \"bob\"\nmay_delegate_to = \
        [{ to = \"cat\", until = \"2030-01-01T00:00:00Z\" }]\n";
    for (accepted, sit_there) in [(true, vec!["bob", "cat"]), (false, vec!["bob"])] {
        let more = layer(LayerName::Workspace, stands_in, accepted);
        let seated = sit(vec![ask.clone(), more], &people()).unwrap();
        assert_eq!(names(&seated.ways), sit_there, "{accepted}");
    }
}

#[test]
fn attack_10_only_the_keys_that_a_text_names_count_for_a_person() {
    let print = |n: usize| people()[n].approver.keys.fingerprint().to_string();
    let pins = |fingerprint: &str| {
        format!("[[approver]]\nname = \"ann\"\nfingerprints = [\"{fingerprint}\"]\n")
    };
    for label in ["ann", "role:finance"] {
        let of = |more: &str| persons(&format!("{SPIN}approvers = [\"{label}\"]\n{more}"));
        assert_eq!(of(&pins(&print(0))), ["ann"]);
        assert!(of(&pins(&print(1))).is_empty(), "{label}: another key");
    }
    let anyone = format!("{SPIN}approvers = [\"anyone\"]\n{}", pins(&print(1)));
    assert_eq!(persons(&anyone), ["bob", "cat"]);
}

#[test]
fn attack_12_nobody_answers_for_more_than_a_text_lets_them() {
    let of = |risk: &str, most: &str| {
        persons(&format!(
            "{SPIN}approvers = [\"anyone\"]\nrisk = \"{risk}\"\n\
             [[approver]]\nname = \"ann\"\nmax_risk = \"{most}\"\n\
             [[classify]]\ntools = [\"spin\"]\nrisk = \"low\"\n"
        ))
    };
    assert_eq!(of("high", "high"), ["ann", "bob", "cat"], "up to there, and with it");
    assert_eq!(of("high", "medium"), ["bob", "cat"]);
    assert_eq!(of("medium", "high"), ["ann", "bob", "cat"]);
}

#[test]
fn who_is_asked_next_has_until_the_one_after_and_nobody_is_asked_for_nobody() {
    let text = format!(
        "{SPIN}approvers = [\"ann\"]\ntimeout = \"10m\"\n\
         escalation = [{{ to = \"bob\", after = \"5m\" }}, {{ to = \"zoe\", after = \"20m\" }}, \
         {{ to = \"cat\", after = \"3m\" }}]\n"
    );
    let quorum = asked(&text, &people()).unwrap().quorum;
    let steps = quorum.chain.iter().map(|step| (step.label.as_str(), names(&step.to), step.millis));
    assert_eq!(quorum.first_millis, Some(300_000));
    let expected = [("bob", vec!["bob"], 600_000), ("cat", vec!["cat"], 600_000)];
    assert_eq!(steps.collect::<Vec<_>>(), expected);
    let text = text.replace("after = \"20m\"", "after = \"4m\"");
    let chain = asked(&text, &people()).unwrap().quorum.chain;
    assert_eq!(chain[0].millis, 240_000, "no longer than until the next is asked");
    assert!(chain.iter().all(|step| step.threshold == 1 && step.groups.is_empty()));
}

/// Labels of a text, before anybody accepts it.
#[test]
fn a_label_that_nobody_has_is_named_with_its_line_once_somebody_is_pinned() {
    let check = |text: &str, ways: &[Way]| {
        let text = format!("version = 1\n{SPIN}{text}");
        let (policy, labels) = load_with_places(text.as_bytes(), Dialect::Toml).unwrap();
        known(&policy, &labels, ways)
    };
    check("approvers = [\"ann\", \"role:finance\"]\n", &people()).unwrap();
    check("approvers = [\"zoe\"]\n", &[]).unwrap();
    let Err(PolicyError::Nobody { rule, label }) =
        check("approvers = [\n  \"ann\",\n  \"zoe\",\n]\n", &people())
    else {
        panic!("zoe is nobody")
    };
    assert_eq!((rule.as_str(), label.as_str()), ("line 8", "zoe"));
    // Who may answer for little is somebody, and who only stands in for a while makes nobody one.
    let little = "approvers = [\"ann\"]\n[[approver]]\nname = \"ann\"\nmax_risk = \"low\"\n";
    check(little, &people()).unwrap();
    let for_a_while = "approvers = [\"zoe\"]\n[[approver]]\nname = \"zoe\"\n\
        may_delegate_to = [{ to = \"ann\", until = \"2999-01-01T00:00:00Z\" }]\n";
    assert!(check(for_a_while, &people()).is_err());
}
