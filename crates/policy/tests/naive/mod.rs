//! A second evaluator, written from the design page alone: slow, obvious, and with nothing of the
//! first but its types. Where the two differ, one of them is wrong.

mod look;
mod obligations;
mod texts;

use countersign_core::action::Action;
use countersign_core::artifact::Risk;
use countersign_core::encoding::Hash;
use countersign_policy::condition::Step;
use countersign_policy::facts::Floor;
use countersign_policy::model::{Level, Reclass, Rule, Subject};
use countersign_policy::verb::{COARSE, Lane, Verb};
use countersign_policy::verdict::{Decision, OnTimeout};
use countersign_policy::{Facts, Layer, Verdict};
use obligations::oblige;

/// What is known of an action while it is judged.
pub(crate) struct Seen<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) own: Vec<Verb>,
    pub(crate) also: Vec<Verb>,
    pub(crate) risk: Risk,
    pub(crate) lanes: Vec<Lane>,
}

const LEVELS: [Risk; 4] = [Risk::Low, Risk::Medium, Risk::High, Risk::Critical];

/// Everything but the display and the hash.
pub(crate) fn judge(layers: &[Layer], facts: &Facts) -> Verdict {
    if facts.kind != "batch" {
        return one(layers, facts);
    }
    let whole = one(layers, facts);
    let Some(items) = items(facts) else {
        let mut whole = whole;
        if whole.decision < Decision::RequireApproval {
            whole.decision = Decision::RequireApproval;
            whole.rule_id = "floor.unreadable".into();
        }
        return whole;
    };
    let mut parts: Vec<Verdict> = items.iter().map(|item| one(layers, item)).collect();
    if says_more(layers, facts, &items, &whole, &parts) {
        parts.push(whole.clone());
    }
    together(parts, whole.verb)
}

fn items(facts: &Facts) -> Option<Vec<Facts>> {
    let action = Action::from_payload(&facts.payload)?;
    let mut all = Vec::new();
    for item in action.items()? {
        let (asker, place) = (facts.asker.clone(), facts.place.clone());
        all.push(Facts::of(item, asker, place, facts.at).ok()?);
    }
    Some(all)
}

fn says_more(
    layers: &[Layer],
    facts: &Facts,
    items: &[Facts],
    whole: &Verdict,
    parts: &[Verdict],
) -> bool {
    for layer in layers {
        for rule in &layer.policy.rules {
            let name = format!("{}:{}", layer.name.name(), rule.id);
            let only_whole = whole.matched.contains(&name)
                && !parts.iter().any(|part| part.matched.contains(&name));
            if only_whole && !loosens(rule.decision) {
                return true;
            }
        }
    }
    let floors = &facts.class.floors;
    floors.contains(&Floor::Protected)
        || floors.contains(&Floor::Unreadable)
        || parts.iter().all(|part| part.lane < whole.lane)
        || items.iter().all(|item| classified(layers, item).risk < classified(layers, facts).risk)
}

/// Of the parts with the winning decision, everything; of the others only what is no obligation.
fn together(parts: Vec<Verdict>, verb: Verb) -> Verdict {
    let winning = parts.iter().map(|part| part.decision).max().unwrap();
    let risk_of_winners =
        parts.iter().filter(|p| p.decision == winning).map(|part| part.risk).max().unwrap();
    let mut result = parts
        .iter()
        .find(|part| part.decision == winning && part.risk == risk_of_winners)
        .unwrap()
        .clone();
    for part in &parts {
        if part.decision == winning {
            result.rosters.extend(part.rosters.clone());
            result.persons = result.persons.max(part.persons);
            result.veto |= part.veto;
            result.require_reason |= part.require_reason;
            result.timeout_seconds = result.timeout_seconds.min(part.timeout_seconds);
            result.max_uses = result.max_uses.min(part.max_uses);
            result.min_assurance = result.min_assurance.max(part.min_assurance);
            result.always_allow = obligations::least(result.always_allow, part.always_allow);
            if result.escalation.is_empty() {
                result.escalation = part.escalation.clone();
            }
            result.silence_ends |= part.silence_ends;
            if part.on_timeout == OnTimeout::Deny {
                result.on_timeout = OnTimeout::Deny;
            }
        }
        result.risk = result.risk.max(part.risk);
        result.lane = result.lane.max(part.lane);
        result.redact.extend(part.redact.clone());
        result.matched.extend(part.matched.clone());
    }
    for list in [&mut result.redact, &mut result.matched] {
        list.sort();
        list.dedup();
    }
    result.rosters.sort();
    result.rosters.dedup();
    result.verb = verb;
    result
}

fn one(layers: &[Layer], facts: &Facts) -> Verdict {
    let seen = classified(layers, facts);
    let mut matching: Vec<(&Layer, usize, &Rule)> = Vec::new();
    for layer in layers {
        for (n, rule) in layer.policy.rules.iter().enumerate() {
            let restricts =
                matches!(rule.decision, Some(Decision::Block | Decision::RequireApproval));
            if !rule.disabled && (layer.accepted || restricts) && rule_holds(rule, &seen) {
                matching.push((layer, n, rule));
            }
        }
    }
    matching.sort_by_key(|(layer, n, rule)| (!layer.accepted, rule.order, layer.name, *n));

    let mut risk = seen.risk;
    for (layer, _, rule) in &matching {
        if layer.accepted {
            risk = risk.max(rule.risk.unwrap_or(Risk::Low));
        }
    }
    let entries = entries(layers, seen.risk, risk);
    let floor = floor(&seen);
    let (decision, rule_id) = decide(&matching, &entries, &floor, seen.risk, risk);

    let mut redact: Vec<String> = Vec::new();
    for (layer, _, rule) in &matching {
        if layer.accepted {
            redact.extend(rule.redact.iter().map(|field| field.text.clone()));
        }
    }
    redact.sort();
    redact.dedup();
    let verdict = Verdict {
        decision,
        rule_id,
        risk,
        verb: most_dangerous(&seen.own),
        lane: seen.lanes.iter().copied().max(),
        rosters: Vec::new(),
        persons: 1,
        veto: false,
        timeout_seconds: 0,
        escalation: Vec::new(),
        on_timeout: OnTimeout::Deny,
        silence_ends: false,
        min_assurance: Default::default(),
        require_reason: false,
        always_allow: None,
        max_uses: 1,
        redact,
        matched: matching
            .iter()
            .map(|(layer, _, rule)| format!("{}:{}", layer.name.name(), rule.id))
            .collect(),
        display: String::new(),
        policy_hash: Hash([0; 32]),
    };
    oblige(verdict, layers, &matching, &entries, (seen.risk, risk))
}

fn most_dangerous(verbs: &[Verb]) -> Verb {
    let mut best: Option<&Verb> = None;
    for verb in verbs {
        let place = |verb: &Verb| COARSE.iter().position(|c| *c == verb.coarse()).unwrap();
        if best.is_none_or(|best| place(verb) > place(best)) {
            best = Some(verb);
        }
    }
    best.cloned().unwrap_or_else(|| Verb::new("tool_call").unwrap())
}

/// The highest level first; of one level the widest layer first.
fn entries(layers: &[Layer], from: Risk, to: Risk) -> Vec<(Risk, &Level)> {
    let mut all = Vec::new();
    for level in LEVELS.into_iter().rev() {
        for layer in layers.iter().filter(|layer| layer.accepted) {
            if let Some(entry) = layer.policy.risk.get(&level)
                && level >= from
                && level <= to
            {
                all.push((level, entry));
            }
        }
    }
    all
}

fn floor(seen: &Seen<'_>) -> Option<String> {
    let floors = &seen.facts.class.floors;
    if floors.contains(&Floor::Unreadable) {
        return Some("floor.unreadable".into());
    }
    if floors.contains(&Floor::Protected) {
        return Some("floor.protected".into());
    }
    seen.lanes.iter().max().map(|lane| format!("floor.{}", lane.name()))
}

fn decide(
    matching: &[(&Layer, usize, &Rule)],
    entries: &[(Risk, &Level)],
    floor: &Option<String>,
    own: Risk,
    risk: Risk,
) -> (Decision, String) {
    // The table by itself.
    let mut table = None;
    for (level, entry) in entries {
        let says = entry.decision.unwrap_or(Decision::RequireApproval);
        if table.as_ref().is_none_or(|(best, _)| says > *best) {
            let level = format!("{level:?}").to_lowercase();
            table = Some((says, format!("risk.{level}")));
        }
    }
    let has = |risk| entries.iter().any(|(level, _)| *level == risk);
    let must_ask = floor.is_some() || !has(own) || !has(risk);
    let table = match table {
        Some((says, id)) if !must_ask || says >= Decision::RequireApproval => (says, id),
        _ => (Decision::RequireApproval, floor.clone().unwrap_or_else(|| "default".into())),
    };
    // The rules that somebody accepted.
    let mut result = None;
    for wanted in [Decision::Block, Decision::RequireApproval, Decision::Redact, Decision::Allow] {
        let counts = floor.is_none() || wanted >= Decision::RequireApproval;
        let rule = matching.iter().find(|(l, _, r)| l.accepted && r.decision == Some(wanted));
        if let (None, true, Some((_, _, rule))) = (&result, counts, rule) {
            result = Some((wanted, rule.id.clone()));
        }
    }
    // Of what is critical a rule that loosens must speak on purpose.
    let named = matching.iter().any(|(layer, _, rule)| {
        let risk = Step::Key("risk".into());
        let names = rule.conditions.iter().any(|c| c.field.steps.first() == Some(&risk));
        layer.accepted && loosens(rule.decision) && names
    });
    let unnamed = own == Risk::Critical && !named;
    let mut result = match result {
        Some((Decision::RequireApproval, _)) if table.0 == Decision::Block => table,
        Some((says, _)) if loosens(Some(says)) && unnamed && table.0 > says => table,
        Some(result) => result,
        None => table,
    };
    // The others, where they are stricter.
    for wanted in [Decision::RequireApproval, Decision::Block] {
        let rule = matching.iter().find(|(l, _, r)| !l.accepted && r.decision == Some(wanted));
        if let Some((_, _, rule)) = rule
            && wanted > result.0
        {
            result = (wanted, rule.id.clone());
        }
    }
    result
}

fn classified<'a>(layers: &[Layer], facts: &'a Facts) -> Seen<'a> {
    let class = &facts.class;
    let found = || Seen {
        facts,
        own: class.verbs.own.clone(),
        also: class.verbs.also.clone(),
        risk: class.risk,
        lanes: Vec::new(),
    };
    let mut seen = found();
    for floor in &class.floors {
        if let Floor::Lane(lane) = floor {
            seen.lanes.push(*lane);
        }
    }
    let all = class.verbs.own.iter().chain(&class.verbs.also);
    seen.lanes.extend(all.filter_map(|verb| verb.lane()));
    let entries: Vec<&Reclass> =
        layers.iter().filter(|l| l.accepted).flat_map(|l| &l.policy.classify).collect();
    if !class.known {
        let setting: Vec<&&Reclass> =
            entries.iter().filter(|entry| entry_fits(entry, &found(), true)).collect();
        if let Some(risk) = setting.iter().filter_map(|entry| entry.risk).max() {
            seen.risk = risk;
        }
        if setting.iter().any(|entry| entry.verb.is_some()) {
            let own = std::mem::take(&mut seen.own);
            seen.also.extend(own);
        }
    }
    for entry in entries {
        if !entry_fits(entry, &found(), false) {
            continue;
        }
        if let Some(risk) = entry.risk {
            seen.risk = seen.risk.max(risk);
        }
        if let Some(verb) = &entry.verb {
            seen.lanes.extend(verb.lane());
            if !seen.own.contains(verb) {
                seen.own.push(verb.clone());
            }
        }
    }
    seen
}

fn entry_fits(entry: &Reclass, seen: &Seen<'_>, loosens: bool) -> bool {
    // The criteria mean what they mean in a rule.
    let rule = Rule {
        tools: entry.tools.clone(),
        servers: entry.servers.clone(),
        hosts: entry.hosts.clone(),
        conditions: entry.conditions.clone(),
        decision: loosens.then_some(Decision::Allow),
        ..Rule::default()
    };
    rule_holds(&rule, seen)
}

pub(crate) fn loosens(decision: Option<Decision>) -> bool {
    decision == Some(Decision::Allow) || decision == Some(Decision::Redact)
}

fn rule_holds(rule: &Rule, seen: &Seen<'_>) -> bool {
    let class = &seen.facts.class;
    let loosens = loosens(rule.decision);
    let asker = &seen.facts.asker;
    let is = |glob: &countersign_policy::pattern::Glob, name: &Option<String>| {
        name.as_deref().is_some_and(|name| texts::glob(glob.as_str(), name))
    };
    let subject = match &rule.subject {
        Subject::Any => true,
        Subject::Account(glob) => is(glob, &asker.account),
        Subject::Agent(glob) => !loosens && is(glob, &asker.agent),
        Subject::Session(glob) => !loosens && is(glob, &asker.session),
        Subject::Workflow(glob) => !loosens && is(glob, &asker.workflow),
    };
    let verb = |name: &String| {
        rule.verbs.iter().any(|v| name == v.as_str() || name.starts_with(&format!("{v}.")))
    };
    let tool = |name: &String| rule.tools.iter().any(|glob| texts::glob(glob.as_str(), name));
    let server = |name: &String| rule.servers.iter().any(|glob| texts::glob(glob.as_str(), name));
    let host = |name: &String| rule.hosts.iter().any(|host| texts::host(host.as_str(), name));
    let words = |verbs: &[Verb]| verbs.iter().map(Verb::to_string).collect::<Vec<_>>();
    subject
        && (rule.verbs.is_empty() || name(&words(&seen.own), &words(&seen.also), loosens, verb))
        && (rule.tools.is_empty() || name(&class.tools.own, &class.tools.also, loosens, tool))
        && (rule.servers.is_empty() || seen.facts.server.as_ref().is_some_and(server))
        && (rule.hosts.is_empty()
            || rule.hosts.iter().any(|host| host.as_str() == "*")
            || name(&class.hosts.own, &class.hosts.also, loosens, host))
        && (rule.artifact_types.is_empty()
            || rule.artifact_types.contains(&seen.facts.artifact_type))
        && rule.conditions.iter().all(|condition| look::holds(condition, seen, loosens))
}

fn name(own: &[String], also: &[String], loosens: bool, fits: impl Fn(&String) -> bool) -> bool {
    if loosens {
        !own.is_empty() && own.iter().all(fits)
    } else {
        own.iter().any(&fits) || also.iter().any(&fits)
    }
}
