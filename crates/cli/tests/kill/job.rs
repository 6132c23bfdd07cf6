//! The main job, once: a command is gated, approved and run, whoever is killed meanwhile.

use crate::common::{Process, World};
use crate::heard::Heard;
use crate::tracer::{Trap, trapped};
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
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

/// What is done to whom.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) victim: Victim,
    pub(crate) when: When,
    /// What the approver says from then on: `approve`, or `deny` for a change of mind.
    pub(crate) then: &'static str,
}

impl Plan {
    fn is_a_trap(&self) -> bool {
        matches!(self.when, When::Trapped(_))
    }
}

/// When somebody is killed.
#[derive(Clone, Debug)]
pub(crate) enum When {
    /// Some time after a stage, and for how long it stays down.
    After { stage: Stage, delay: Duration, down: Duration },
    /// At a call to the disk, in the first process of the victim.
    Trapped(Trap),
}

/// What was seen of a job.
pub(crate) struct Seen {
    /// When each stage was first reached, from the beginning.
    pub(crate) reached: BTreeMap<Stage, Duration>,
    /// The processes that gated the command, in order; the last one came to its end.
    pub(crate) runs: Vec<u32>,
    /// Whether anybody was alive to be killed, or met a disk that failed.
    pub(crate) struck: bool,
    /// The processes that ended by saying that nothing ran.
    pub(crate) refused: Vec<u32>,
    /// What the processes said.
    pub(crate) said: Vec<String>,
}

/// A gated command that waits or runs, and the lines that it has said.
struct Run {
    process: Process,
    said: Heard,
    is_trapped: bool,
}

impl Run {
    fn start(world: &World, file: &str, trap: Option<Trap>) -> Self {
        // The parent's id says which process started it. It goes on for a while afterwards, so
        // that there is a moment in which it has done its work and has not ended.
        let script = format!("echo $PPID >> {file}; sleep 0.06");
        // Each job is a task of its own: denials in a row belong to one.
        let command = world.gate_command(&["--session", file], &["sh", "-c", &script]);
        let is_trapped = trap.is_some();
        let mut process = start(command, trap);
        let said = Heard::of(&mut process);
        Self { process, said, is_trapped }
    }

    fn said(&self) -> Vec<String> {
        self.said.lines()
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

/// Starts a command, which may meet a trap if it makes so many calls.
fn start(command: std::process::Command, trap: Option<Trap>) -> Process {
    Process::start(match trap {
        Some(trap) => trapped(&command, &trap),
        None => command,
    })
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
        let (reached, runs, refused, said) = (BTreeMap::new(), vec![], vec![], vec![]);
        let seen = Seen { reached, runs, struck: false, refused, said };
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

    /// What the next process of `who` meets. Only the first one does.
    fn trap(&mut self, who: Victim) -> Option<Trap> {
        let next = self.plan.take_if(|plan| plan.victim == who && plan.is_a_trap())?;
        match next.when {
            When::Trapped(trap) => Some(trap),
            When::After { .. } => None,
        }
    }

    fn start_run(&mut self) {
        let trap = self.trap(Victim::Enforcer);
        let run = Run::start(self.world, &self.file, trap);
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
        if status.signal() == Some(9) {
            self.bury_run();
            return false;
        }
        if self.run.as_ref().is_some_and(|run| run.is_trapped) && !status.success() {
            self.gave_up(status);
            return false;
        }
        self.reach(Stage::Ended);
        // A denial is an end too, where there was one.
        let good = status.success() || self.word == "deny" && status.code() == Some(126);
        assert!(good, "the gated command ended with {status}: {:#?}", self.heard());
        self.back_at.is_none() && !self.is_pending()
    }

    /// Whether the plan may still strike, which it may also do after the end.
    fn is_pending(&self) -> bool {
        let when = self.plan.as_ref().map(|plan| &plan.when);
        matches!(when, Some(When::After { stage, .. }) if self.seen.reached.contains_key(stage))
    }

    fn heard(&self) -> Vec<String> {
        self.run.as_ref().map(Run::said).unwrap_or_default()
    }

    fn strike_when_due(&mut self) {
        let Some(When::After { stage, delay, down }) = self.plan.as_ref().map(|plan| &plan.when)
        else {
            return;
        };
        let since = self.seen.reached.get(stage);
        if since.is_none_or(|since| self.began.elapsed() < *since + *delay) {
            return;
        }
        self.back_at = Some(Instant::now() + *down);
        let Some(plan) = self.plan.take() else { return };
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
            self.bury_run();
        }
    }

    /// A gated command whose disk failed said so, and whether anything may have run.
    fn gave_up(&mut self, status: std::process::ExitStatus) {
        let Some(run) = self.run.as_ref() else { return };
        let said = run.said.to_the_end();
        let code = status.code();
        assert!(matches!(code, Some(125 | 126)), "it ended with {status}: {said:#?}");
        let admits = |line: &String| line.contains("may have run") || line.contains("command ran");
        if !said.iter().any(admits) {
            self.seen.refused.push(run.process.id());
        }
        self.bury_run();
    }

    fn bury_run(&mut self) {
        let Some(mut run) = self.run.take() else { return };
        run.process.kill();
        self.seen.struck = true;
        self.seen.said.extend(run.said());
        self.seen.said.push("(the gated command is killed)".into());
        self.back_at.get_or_insert(Instant::now());
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
            self.seen.struck |= !status.success();
            self.signing = None;
            self.reach(Stage::Signed);
        }
        let Some(run) = self.run.as_ref().filter(|run| run.is_delivered()) else { return };
        let Some(id) = run.request().filter(|id| !self.signed.contains(id)) else { return };
        if self.seen.reached.contains_key(&Stage::Ended) {
            return;
        }
        let trap = self.trap(Victim::Approver);
        let command = self.world.command("approver", &[self.word, &id]);
        self.signing = Some((id, start(command, trap)));
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
