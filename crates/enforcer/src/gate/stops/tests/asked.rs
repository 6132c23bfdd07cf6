//! Gateways that must be asked for stops, those that may be, and what they answer.

use super::*;
use crate::ask::Relay;
use crate::question::{Grounds, Question};
use crate::scripted::{gateway, heard, message, on, refusal, remembers, submitted};
use countersign_core::action::{Action, Request};
use countersign_core::artifact::Context;
use countersign_core::checkpoint::{Checkpoint, Head};
use countersign_core::receipt::Event;
use countersign_core::time::Instant as Moment;
use countersign_store::files::{self, Target};
use countersign_store::ledger::Suspended;
use countersign_testkit::{Call, HostileGateway, Reply};
use countersign_wire::stop::StopPage;
use serde_json::json;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

const MINUTE: i64 = 60_000;

fn person() -> SecretKeys {
    SecretKeys::from_bytes(&[9; 64]).unwrap()
}

/// A gate in a home of its own, whose pairings lead to these gateways, and the request that waited
/// before they did.
struct Scene {
    _dir: tempfile::TempDir,
    gate: Enforcer,
    request: RequestRecord,
}

impl Scene {
    async fn of(edge: Edge, ways: &[(&str, &HostileGateway)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let gate = gate_at(dir.path(), &person(), edge).await;
        let request = asked(&gate, ways).await;
        let ann = gate.home.pairings().unwrap().remove(0);
        for (name, gateway) in ways {
            let relay = Some(gateway.url().to_owned());
            let way = crate::home::Pairing { name: (*name).into(), relay, ..ann.clone() };
            let path = gate.home.root().join(format!("pairings/{name}.json"));
            files::write(&path, &way, Target::ReplaceSoon).unwrap();
        }
        Self { _dir: dir, gate, request }
    }

    async fn set(ways: &[(&str, &HostileGateway)]) -> Self {
        Self::of(Edge::system(), ways).await
    }

    fn client(&self, gateway: &HostileGateway) -> Client {
        self.gate.gateways().unwrap().remove(gateway.url()).unwrap()
    }

    /// Where the request went.
    fn relays(&self, ways: &[(&str, &HostileGateway)]) -> Relays {
        let relay = |(name, gateway): &(&str, &HostileGateway)| {
            let approver_id = (*name).to_owned();
            (approver_id.clone(), Relay { client: self.client(gateway), approver_id })
        };
        ways.iter().map(relay).collect()
    }

    async fn uses(&self, ways: &[(&str, &HostileGateway)]) -> Result<(), GateError> {
        self.gate.heed_before_use(&self.request, &self.relays(ways)).await
    }

    async fn is_frozen(&self) -> bool {
        self.gate.frozen().await.unwrap().is_some()
    }

    /// What the newest receipt says was not heeded.
    async fn refused(&self) -> String {
        let receipt = self.gate.ledger.receipt(None).await.unwrap().unwrap();
        let action = receipt.content.entry.action.unwrap();
        assert_eq!(action["change"], "refused");
        action["why"].as_str().unwrap().to_owned()
    }
}

/// A request that goes through every pairing of these names, for a minute.
async fn asked(gate: &Enforcer, ways: &[(&str, &HostileGateway)]) -> RequestRecord {
    let way = gate.ways().unwrap().remove(0);
    let call = Request { action: "spin".into(), parameters: json!({}), verb: None };
    let question = Question {
        action: Action::Request(call),
        disclosures: vec![],
        context: Context::default(),
        grounds: Grounds::fixed("test", "a person is asked"),
        principal: "uid:1".into(),
        session: "default".into(),
        workspace: "/w".into(),
        ttl_millis: MINUTE,
        to: vec![way],
    };
    let Suspended::Opened(mut request) = gate.suspend(&question).await.unwrap() else {
        panic!("it is the first")
    };
    let first = request.asked.remove(0);
    for (name, _) in ways {
        let mut asked = first.clone();
        asked.pairing = Some((*name).to_owned());
        request.asked.push(asked);
    }
    request
}

fn is_page(call: &Call) -> bool {
    call.path().ends_with("/stops")
}

/// Says that nobody stopped, and remembers what it is told.
fn honest() -> HostileGateway {
    listing(Vec::new)
}

fn listing(stops: impl Fn() -> Vec<WaitingStop> + Send + Sync + 'static) -> HostileGateway {
    gateway(move |call| {
        if is_page(call) {
            return Some(message(StopPage { stops: stops() }));
        }
        Some(submitted(call).map_or_else(|| Reply::raw(204, ""), remembers))
    })
}

fn refusing(status: u16) -> HostileGateway {
    gateway(move |_| Some(refusal(status)))
}

/// How often its stops were asked for.
fn looks(gateway: &HostileGateway) -> usize {
    heard(gateway).iter().filter(|path| path.ends_with("/stops")).count()
}

/// A gateway whose list is made once the gate is there.
type Listed = Arc<Mutex<Vec<WaitingStop>>>;

fn filled() -> (HostileGateway, Listed) {
    let list = Listed::default();
    let told = Arc::clone(&list);
    (listing(move || told.lock().unwrap().clone()), list)
}

#[test]
fn attack_19_a_stop_is_heeded_before_an_approval_is_used_and_dropped_under_its_head() {
    let (gateway, list) = filled();
    on(async {
        let scene = Scene::set(&[("ann", &gateway)]).await;
        let real = stop(&scene.gate, &person());
        let id = real.stop_id.clone();
        *list.lock().unwrap() = vec![real];
        scene.uses(&[("ann", &gateway)]).await.unwrap();
        assert!(scene.is_frozen().await);
        let receipt = scene.gate.ledger.receipt(None).await.unwrap().unwrap();
        assert_eq!(receipt.content.entry.event, Event::Frozen, "nothing is said of it besides");
        let heard = heard(&gateway);
        let at = |end: &str| heard.iter().position(|path| path.ends_with(end)).unwrap();
        assert!(at("/stops") < at("/heads") && at("/heads") < at(&format!("/stops/{id}")));
        // Once more it is known, and that is written down.
        scene.uses(&[("ann", &gateway)]).await.unwrap();
        assert_eq!(scene.refused().await, "it was heeded before");
    });
}

/// Its head does not stand there: it comes once more.
#[test]
fn attack_39_a_stop_whose_head_no_gateway_remembers_is_not_dropped() {
    let list = Listed::default();
    let told = Arc::clone(&list);
    let gateway = gateway(move |call| {
        let stops = told.lock().unwrap().clone();
        Some(if is_page(call) { message(StopPage { stops }) } else { refusal(500) })
    });
    on(async {
        let scene = Scene::set(&[("ann", &gateway)]).await;
        *list.lock().unwrap() = vec![stop(&scene.gate, &person())];
        assert!(scene.gate.heed_briefly(&scene.client(&gateway)).await.unwrap());
        assert!(scene.is_frozen().await);
        assert!(!heard(&gateway).iter().any(|path| path.contains("/stops/")));
    });
}

#[test]
fn attack_39_a_gateway_that_remembers_another_ledger_is_heard_while_its_stops_are_heeded() {
    let list = Listed::default();
    let told = Arc::clone(&list);
    let keys: Arc<Mutex<Option<Arc<SecretKeys>>>> = Arc::default();
    let signer = Arc::clone(&keys);
    let gateway = gateway(move |call| {
        if is_page(call) {
            return Some(message(StopPage { stops: told.lock().unwrap().clone() }));
        }
        let head = submitted(call)?.head;
        let keys = signer.lock().unwrap().clone().unwrap();
        let later = Head { seq: head.seq + 100, ..head };
        Some(remembers(Checkpoint::sign(later, &keys).unwrap()))
    });
    on(async {
        let scene = Scene::set(&[("ann", &gateway)]).await;
        *keys.lock().unwrap() = Some(Arc::clone(&scene.gate.identity.keys));
        *list.lock().unwrap() = vec![stop(&scene.gate, &person())];
        let client = scene.client(&gateway);
        for found in [
            scene.gate.heed_briefly(&client).await.map(drop),
            scene.uses(&[("ann", &gateway)]).await,
        ] {
            let contradicted = Contradicted::Truncated { who: String::new(), seq: 0 };
            assert_eq!(found.unwrap_err().code(), GateError::from(contradicted).code());
        }
    });
}

#[test]
fn only_a_gateway_of_the_plain_binding_carries_no_stops() {
    for (status, is_plain) in [(404, true), (405, true), (403, false), (410, false)] {
        let gateway = refusing(status);
        on(async {
            let scene = Scene::set(&[("ann", &gateway)]).await;
            assert_eq!(scene.uses(&[("ann", &gateway)]).await.is_ok(), is_plain, "{status}");
            assert_eq!(looks(&gateway), 1, "{status}: it said so");
            let brief = scene.gate.heed_briefly(&scene.client(&gateway)).await.unwrap();
            assert_eq!(brief, is_plain, "{status}");
        });
    }
}

/// Away so often, and there again: how often it was asked, and whether what hangs on it goes on.
fn away(times: usize, edge: Edge, live: i64) -> (usize, bool) {
    let count = Mutex::new(0);
    let gateway = gateway(move |_| {
        let mut count = count.lock().unwrap();
        *count += 1;
        let nothing = message(StopPage { stops: vec![] });
        Some(if *count <= times { refusal(503) } else { nothing })
    });
    let used = on(async {
        let mut scene = Scene::of(edge, &[("ann", &gateway)]).await;
        scene.request.expires_at = scene.gate.now().plus_millis(live);
        scene.uses(&[("ann", &gateway)]).await
    });
    (looks(&gateway), used.is_ok())
}

#[test]
fn attack_20_a_gateway_that_is_away_is_waited_for_and_then_nothing_is_used() {
    assert_eq!(away(1, Edge::system(), MINUTE), (2, true));
    let still = || {
        let (now, system) = (Moment(1_770_000_000_000), Edge::system());
        Edge::new(move || now, move |bytes| fill(&system, bytes))
    };
    assert_eq!(away(1, still(), 0), (1, false), "the approval is over");
    assert_eq!(away(1, still(), 1), (2, true));
    // Not as long as the approval lives: each look at this clock takes it ten seconds on.
    let (clock, system) = (AtomicI64::new(1_770_000_000_000), Edge::system());
    let hurried = Edge::new(
        move || Moment(clock.fetch_add(10_000, Ordering::SeqCst)),
        move |bytes| fill(&system, bytes),
    );
    let (asked, went) = away(5, hurried, 86_400_000);
    assert!(asked <= 3 && !went, "{asked}");
}

fn fill(edge: &Edge, bytes: &mut [u8]) -> Result<(), String> {
    for chunk in bytes.chunks_mut(8) {
        let some: [u8; 8] = edge.random().map_err(|e| e.to_string())?;
        chunk.copy_from_slice(&some[..chunk.len()]);
    }
    Ok(())
}

#[test]
fn a_gateway_that_nothing_hangs_on_is_not_waited_for() {
    let silent = gateway(|_| None);
    on(async {
        let scene = Scene::set(&[("ann", &silent)]).await;
        let begun = Instant::now();
        assert!(!scene.gate.heed_briefly(&scene.client(&silent)).await.unwrap());
        assert!(begun.elapsed() < 10 * BRIEF);
    });
}

/// What it does not take back is no reason to wait for it.
#[test]
fn attack_26_a_gateway_that_does_not_answer_to_a_removal_holds_nothing_up() {
    let list = Listed::default();
    let told = Arc::clone(&list);
    let gateway = gateway(move |call| match submitted(call) {
        Some(head) => Some(remembers(head)),
        None if is_page(call) => Some(message(StopPage { stops: told.lock().unwrap().clone() })),
        None => None,
    });
    on(async {
        let scene = Scene::set(&[("ann", &gateway)]).await;
        *list.lock().unwrap() = vec![stop(&scene.gate, &person())];
        let begun = Instant::now();
        scene.uses(&[("ann", &gateway)]).await.unwrap();
        assert!(begun.elapsed() < 5 * LOOK && scene.is_frozen().await);
    });
}

/// The lock of the head holds up the first of them until the time of one look is over.
#[test]
fn attack_26_an_approval_is_not_used_where_listed_stops_were_left_unseen() {
    let (gateway, list) = filled();
    on(async {
        let scene = Scene::set(&[("ann", &gateway)]).await;
        let bogus = listed(&scene.gate, "bogus", b"{}");
        let held = async |nonce| {
            let mut stops = vec![bogus.clone(); STOPS_TOLD + 8];
            stops[0] = stop_of(&scene.gate, &person(), nonce);
            *list.lock().unwrap() = stops;
            let lock = scene.gate.home.lock("head.lock").unwrap();
            std::thread::spawn(move || {
                std::thread::sleep(LOOK + Duration::from_millis(100));
                drop(lock);
            })
        };
        let holding = held(1).await;
        let error = scene.uses(&[("ann", &gateway)]).await.unwrap_err();
        assert!(error.to_string().contains("8 of the stops that it lists"), "{error}");
        assert_eq!(scene.refused().await, "8 more were not looked at in time");
        holding.join().unwrap();
        let holding = held(2).await;
        assert!(!scene.gate.heed_briefly(&scene.client(&gateway)).await.unwrap());
        assert!(!heard(&gateway).iter().any(|path| path.contains("/stops/late")));
        holding.join().unwrap();
        // In time all of them are looked at.
        let mut all = vec![bogus; STOPS_TOLD + 8];
        all[0] = stop_of(&scene.gate, &person(), 3);
        *list.lock().unwrap() = all;
        scene.uses(&[("ann", &gateway)]).await.unwrap();
    });
}

#[test]
fn attack_20_what_the_home_cannot_tell_is_no_word_that_nobody_stopped() {
    let (gateway, list) = filled();
    on(async {
        let scene = Scene::set(&[("ann", &gateway)]).await;
        *list.lock().unwrap() = vec![stop(&scene.gate, &person())];
        let (client, trust) = (scene.client(&gateway), scene.gate.home.trust_path());
        std::fs::write(trust, "{").unwrap();
        assert!(scene.gate.heed_briefly(&client).await.is_err());
        assert!(scene.uses(&[("ann", &gateway)]).await.is_err());
        // Also where another gateway may be asked, and need not.
        assert!(scene.gate.heed_before_use(&scene.request, &Relays::new()).await.is_err());
        assert!(!scene.gate.heed_everywhere().await);
        std::fs::write(scene.gate.home.root().join("pairings/ann.json"), "{").unwrap();
        assert!(!scene.gate.heed_everywhere().await);
    });
}

#[test]
fn attack_19_every_gateway_says_so_where_a_standing_permission_is_used() {
    let (one, other) = (honest(), honest());
    on(async {
        let scene = Scene::set(&[("ann", &one), ("bob", &other)]).await;
        assert!(scene.gate.heed_everywhere().await);
        assert_eq!((looks(&one), looks(&other)), (1, 1));
        // Whichever of them is asked first.
        let say = |status: u16| move |_: Call, _: _| async move { refusal(status) };
        for gateway in [&one, &other] {
            gateway.script(say(404));
        }
        assert!(scene.gate.heed_everywhere().await);
        for (first, second) in [(&one, &other), (&other, &one)] {
            first.script(say(500));
            second.script(say(404));
            assert!(!scene.gate.heed_everywhere().await);
        }
        for name in ["ann", "bob"] {
            std::fs::remove_file(scene.gate.home.root().join(format!("pairings/{name}.json")))
                .unwrap();
        }
        assert!(scene.gate.heed_everywhere().await, "there is none");
    });
}

#[test]
fn what_a_policy_allows_looks_once_in_a_while_where_there_is_a_gateway() {
    let (gateway, list) = filled();
    on(async {
        let scene = Scene::set(&[("ann", &gateway)]).await;
        *list.lock().unwrap() = vec![stop(&scene.gate, &person())];
        let mark = scene.gate.home.root().join("stops.looked");
        let _ = std::fs::remove_file(&mark);
        scene.gate.heed_lately().await;
        assert!(scene.is_frozen().await && mark.exists());
        scene.gate.heed_lately().await;
        assert_eq!(looks(&gateway), 1);
    });
    on(async {
        let scene = Scene::set(&[]).await;
        scene.gate.heed_lately().await;
        assert!(!scene.gate.home.root().join("stops.looked").exists(), "nobody was asked");
    });
}

#[test]
fn attack_19_an_approval_needs_the_word_of_its_own_gateways_and_asks_the_others() {
    let (own, other) = (honest(), refusing(500));
    on(async {
        let ways = [("ann", &own), ("tablet", &own)];
        let all = [("ann", &own), ("tablet", &own), ("bob", &other)];
        let mut scene = Scene::set(&all).await;
        scene.request.asked.truncate(2);
        scene.uses(&ways).await.unwrap();
        assert_eq!((looks(&own), looks(&other)), (1, 1), "each once");
        assert!(!heard(&own).iter().any(|path| path.ends_with("/heads")), "there was none");
        // One that is not known is missed as a witness, and keeps nobody from being asked.
        scene.uses(&[]).await.unwrap();
        assert_eq!((looks(&own), looks(&other)), (2, 2));
        scene.uses(&[("tablet", &own)]).await.unwrap();
        assert_eq!((looks(&own), looks(&other)), (3, 3));
        own.script(|_, _| async { refusal(403) });
        assert!(scene.uses(&ways).await.is_err());
    });
}

/// Sealed to this home and signed by one of its people, and for something else all the same.
#[test]
fn attack_36_a_stop_for_another_enforcer_or_under_another_name_is_none() {
    let (gateway, list) = filled();
    on(async {
        let scene = Scene::set(&[("ann", &gateway)]).await;
        let (of, signer) = (|enforcer, nonce| signed_stop(enforcer, &person(), nonce), person());
        let own = scene.gate.identity.keys.key_id();
        let (other, named) = (of(signer.key_id(), 1), of(own, 2));
        let text = |stop: &SignedStop| json::canonical(stop).unwrap();
        for (name, stop, why) in [
            (other.id(), &other, "the stop is for another enforcer"),
            ("another".to_owned(), &named, "it was kept under another name"),
        ] {
            *list.lock().unwrap() = vec![listed(&scene.gate, &name, &text(stop))];
            scene.uses(&[("ann", &gateway)]).await.unwrap();
            assert_eq!(scene.refused().await, why);
            assert!(!scene.is_frozen().await);
        }
    });
}

/// What cannot be written down is not passed over.
#[test]
fn attack_20_a_stop_that_cannot_be_remembered_lets_nothing_go() {
    let (gateway, list) = filled();
    on(async {
        let scene = Scene::set(&[("ann", &gateway)]).await;
        *list.lock().unwrap() = vec![stop(&scene.gate, &person())];
        let head = scene.gate.home.head_path();
        let _ = std::fs::remove_file(&head);
        std::fs::create_dir(&head).unwrap();
        assert!(scene.uses(&[("ann", &gateway)]).await.is_err());
    });
}
