//! The main job, once: a command is gated, approved and run, whoever is killed meanwhile.

use crate::common::{Process, World};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The longest that a job may take to come to its end.
const PATIENCE: Duration = Duration::from_secs(60);

/// How far a job has come, as far as it can be seen from outside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Stage {
    /// The gated command was called.
    Started,
    /// Its request is written down.
    Held,
    /// The request lies in the inbox.
    Delivered,
    /// The approver's process began.
    Signing,
    /// The approver's process has ended.
    Signed,
    /// The command's line is in its file.
    Ran,
    /// The gated command has ended.
    Ended,
}

/// Who is killed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Victim {
    Gateway,
    Enforcer,
    Approver,
    /// All at once, as in a power cut.
    Everybody,
}

/// When, and for how long it stays down.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) victim: Victim,
    pub(crate) after: Stage,
    pub(crate) delay: Duration,
    pub(crate) down: Duration,
    /// What the approver says from then on: `approve`, or `deny` for a change of mind.
    pub(crate) then: &'static str,
}

/// What was seen of a job.
pub(crate) struct Seen {
    /// When each stage was first reached, from the beginning.
    pub(crate) reached: BTreeMap<Stage, Duration>,
    /// The processes that gated the command, in order; the last one came to its end.
    pub(crate) runs: Vec<u32>,
    /// Whether anybody was alive to be killed.
    pub(crate) struck: bool,
    /// What the processes said.
    pub(crate) said: Vec<String>,
}

/// A gated command that waits or runs, and the lines that it has said.
struct Run {
    process: Process,
    said: Arc<Mutex<Vec<String>>>,
}

impl Run {
    fn start(world: &World, file: &str) -> Self {
        // The parent's id says which process started it. It goes on for a while afterwards, so
        // that there is a moment in which it has done its work and has not ended.
        let script = format!("echo $PPID >> {file}; sleep 0.06");
        let mut process = world.gate(&[], &["sh", "-c", &script]);
        let said = Arc::new(Mutex::new(Vec::new()));
        let (lines, heard) = (BufReader::new(process.errors()).lines(), Arc::clone(&said));
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| heard.lock().unwrap().push(line));
        });
        Self { process, said }
    }

    fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    /// The request it waits for.
    fn request(&self) -> Option<String> {
        let line = self.said().into_iter().find(|line| line.contains(": held; "))?;
        let after = line.split("request ").nth(1)?;
        Some(after.split([' ', ',']).next()?.to_owned())
    }

    fn is_delivered(&self) -> bool {
        self.said().iter().any(|line| line.contains("delivered") || line.contains("joined"))
    }
}

/// One job on its way.
pub(crate) struct Job<'w> {
    world: &'w mut World,
    file: String,
    plan: Option<Plan>,
    word: &'static str,
    began: Instant,
    run: Option<Run>,
    signing: Option<(String, Process)>,
    signed: Vec<String>,
    gateway_down: bool,
    back_at: Option<Instant>,
    seen: Seen,
}

impl<'w> Job<'w> {
    /// Does the job whose command writes to `file`, and lets `plan` happen to it.
    pub(crate) fn through(world: &'w mut World, file: &str, plan: Option<Plan>) -> Seen {
        let seen = Seen { reached: BTreeMap::new(), runs: vec![], struck: false, said: vec![] };
        let mut job = Self {
            world,
            file: file.to_owned(),
            plan,
            word: "approve",
            began: Instant::now(),
            run: None,
            signing: None,
            signed: Vec::new(),
            gateway_down: false,
            back_at: None,
            seen,
        };
        job.start_run();
        while !job.is_over() {
            let late = job.began.elapsed() > PATIENCE;
            assert!(!late, "the job does not end: {:#?} {:?}", job.seen.said, job.heard());
            job.strike_when_due();
            job.come_back_when_due();
            job.sign_when_due();
            std::thread::sleep(Duration::from_millis(1));
        }
        job.conclude()
    }

    fn start_run(&mut self) {
        let run = Run::start(self.world, &self.file);
        self.seen.runs.push(run.process.id());
        self.run = Some(run);
        self.reach(Stage::Started);
    }

    fn reach(&mut self, stage: Stage) {
        let now = self.began.elapsed();
        self.seen.reached.entry(stage).or_insert(now);
    }

    /// Looks how far things have come.
    fn is_over(&mut self) -> bool {
        let request = self.run.as_ref().and_then(Run::request);
        if request.is_some() {
            self.reach(Stage::Held);
        }
        if self.run.as_ref().is_some_and(Run::is_delivered) {
            self.reach(Stage::Delivered);
        }
        if self.world.work().join(&self.file).exists() {
            self.reach(Stage::Ran);
        }
        let ended = self.run.as_mut().and_then(|run| run.process.ended());
        let Some(status) = ended else { return false };
        self.reach(Stage::Ended);
        // A denial is an end too, where there was one.
        let good = status.success() || self.word == "deny" && status.code() == Some(126);
        assert!(good, "the gated command ended with {status}: {:#?}", self.heard());
        self.back_at.is_none() && !self.is_pending()
    }

    /// Whether the plan may still strike: somebody that is killed after the end must come back
    /// like anybody else.
    fn is_pending(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| self.seen.reached.contains_key(&plan.after))
    }

    fn heard(&self) -> Vec<String> {
        self.run.as_ref().map(Run::said).unwrap_or_default()
    }

    fn strike_when_due(&mut self) {
        let due = |plan: &Plan| {
            let since = self.seen.reached.get(&plan.after);
            since.is_some_and(|since| self.began.elapsed() >= *since + plan.delay)
        };
        let Some(plan) = self.plan.take_if(|plan| due(plan)) else { return };
        self.back_at = Some(Instant::now() + plan.down);
        self.word = plan.then;
        if matches!(plan.victim, Victim::Enforcer | Victim::Everybody) {
            self.kill_run();
        }
        if matches!(plan.victim, Victim::Approver | Victim::Everybody) {
            self.kill_signing();
        }
        if matches!(plan.victim, Victim::Gateway | Victim::Everybody) {
            self.world.kill_gateway();
            (self.gateway_down, self.seen.struck) = (true, true);
        }
    }

    fn kill_run(&mut self) {
        // One that has ended came to its end: the job is done.
        if self.run.as_mut().is_some_and(|run| run.process.ended().is_none()) {
            let Some(mut run) = self.run.take() else { return };
            run.process.kill();
            self.seen.struck = true;
            self.seen.said.extend(run.said());
            self.seen.said.push("(the gated command is killed)".into());
        }
    }

    fn kill_signing(&mut self) {
        if let Some((_, mut process)) = self.signing.take() {
            self.seen.struck |= process.ended().is_none();
            process.kill();
        }
    }

    fn come_back_when_due(&mut self) {
        if self.back_at.take_if(|at| Instant::now() >= *at).is_none() {
            return;
        }
        if std::mem::take(&mut self.gateway_down) {
            self.world.start_gateway();
        }
        if self.run.is_none() {
            self.start_run();
        }
    }

    /// Approves what waits, as often as it takes: a person who sees no success tries again.
    fn sign_when_due(&mut self) {
        if let Some((id, process)) = &mut self.signing {
            let Some(status) = process.ended() else { return };
            if status.success() {
                self.signed.push(id.clone());
            }
            self.signing = None;
            self.reach(Stage::Signed);
        }
        let Some(run) = self.run.as_ref().filter(|run| run.is_delivered()) else { return };
        let Some(id) = run.request().filter(|id| !self.signed.contains(id)) else { return };
        if self.seen.reached.contains_key(&Stage::Ended) {
            return;
        }
        let process = self.world.spawn("approver", &[self.word, &id]);
        self.signing = Some((id, process));
        self.reach(Stage::Signing);
    }

    fn conclude(mut self) -> Seen {
        if let Some((_, mut process)) = self.signing.take() {
            process.wait();
            self.reach(Stage::Signed);
        }
        self.seen.said.extend(self.heard());
        self.seen
    }
}
