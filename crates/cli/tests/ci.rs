//! A pipeline's pairing, in jobs on machines that are thrown away.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

mod common;

use common::{BINARY, Process, World, error_code, json};
use saphyr_parser::{Event, Parser};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const ACTION: &str = include_str!("../../../integrations/github/action.yml");
const JOB: &str = include_str!("../../../integrations/gitlab/countersign.yml");

struct Pipeline {
    world: World,
    line: String,
}

/// Pairs the approver with a pipeline, and gives back everything that the export printed.
fn exported(world: &World, more: &[&str]) -> Value {
    let url = world.url().to_owned();
    let args = [&["ci", "export", "ann", "--relay", &url, "--assurance", "device", "--json"], more];
    let mut exporting = world.spawn("enforcer", &args.concat());
    let mut printed = BufReader::new(exporting.printed());
    let mut first = String::new();
    printed.read_line(&mut first).unwrap();
    world.json("approver", &["join", json(first.as_bytes())["link"].as_str().unwrap()]);
    let mut rest = String::new();
    printed.read_to_string(&mut rest).unwrap();
    assert!(exporting.wait().success());
    json(rest.as_bytes())
}

impl Pipeline {
    fn new() -> Self {
        let world = World::with_gateway();
        let line = exported(&world, &[])["line"].as_str().unwrap().to_owned();
        for name in ["tmp", "nobody"] {
            std::fs::create_dir(world.path(name)).unwrap();
        }
        Self { world, line }
    }

    /// Another program in a job: no home, and the line in its variable.
    fn job(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", self.path()).env("CI", "true").env("NO_COLOR", "1");
        command.env("HOME", self.world.path("nobody")).env("TMPDIR", self.world.path("tmp"));
        command.env("COUNTERSIGN_CI", &self.line).args(args).current_dir(self.world.work());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn path(&self) -> String {
        format!("{}:/usr/bin:/bin", Path::new(BINARY).parent().unwrap().display())
    }

    fn run(&self, args: &[&str]) -> Process {
        Process::start(self.job(BINARY, args))
    }

    /// What a job leaves behind on its machine.
    fn left(&self) -> Vec<PathBuf> {
        let names = ["tmp", "nobody"].map(|name| self.world.path(name));
        names
            .iter()
            .flat_map(|dir| std::fs::read_dir(dir).unwrap())
            .map(|e| e.unwrap().path())
            .collect()
    }
}

const GATED: [&str; 7] = ["run", "--to", "ann", "--ttl", "1m", "--", "sh"];

#[test]
fn a_job_without_a_home_asks_runs_once_and_leaves_nothing_behind() {
    let pipeline = Pipeline::new();
    for (code, line) in [(0, "echo done"), (7, "exit 7")] {
        let running = pipeline.run(&[&GATED[..], &["-c", line]].concat());
        pipeline.world.answer("approve");
        let output = running.output();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert!(pipeline.left().is_empty(), "{:?}", pipeline.left());
    }
    let running = pipeline.run(&[&GATED[..], &["-c", "echo no > ran"]].concat());
    pipeline.world.answer("deny");
    assert_eq!(running.output().status.code(), Some(126));
    assert!(pipeline.left().is_empty() && !pipeline.world.work().join("ran").exists());
}

#[test]
fn a_receipt_of_a_job_is_kept_where_it_is_wanted_and_verifies_with_the_exported_keys() {
    let world = World::with_gateway();
    let trust = world.path("keys.json").display().to_string();
    let line = exported(&world, &["--trust", &trust])["line"].as_str().unwrap().to_owned();
    for name in ["tmp", "nobody"] {
        std::fs::create_dir(world.path(name)).unwrap();
    }
    let pipeline = Pipeline { world, line };
    let kept = pipeline.world.path("kept");
    let mut command = pipeline.job(BINARY, &[&GATED[..], &["-c", "exit 0"]].concat());
    command.env("COUNTERSIGN_CI_RECEIPTS", &kept);
    let running = Process::start(command);
    pipeline.world.answer("approve");
    assert!(running.output().status.success() && pipeline.left().is_empty());
    let file = std::fs::read_dir(&kept).unwrap().next().unwrap().unwrap().path();
    let args = ["receipt", "verify", file.to_str().unwrap(), "--trust", &trust, "--require", "L1"];
    assert_eq!(pipeline.world.json("enforcer", &args)["event"], "executed");
}

#[test]
fn attack_18_two_jobs_at_once_with_one_secret_need_an_answer_each() {
    let pipeline = Pipeline::new();
    let both = ["a", "b"].map(|name| {
        let line = format!("echo x >> {name}");
        pipeline.run(&[&GATED[..], &["-c", "echo x >> ran", &line]].concat())
    });
    pipeline.world.waiting_for("approver", 2);
    pipeline.world.json("approver", &["approve", &pipeline.world.waiting("approver")]);
    pipeline.world.waiting_for("approver", 1);
    pipeline.world.answer("deny");
    let codes = both.map(|job| job.output().status.code().unwrap());
    assert_eq!(codes.iter().sum::<i32>(), 126, "{codes:?}");
    assert_eq!(std::fs::read_to_string(pipeline.world.work().join("ran")).unwrap(), "x\n");
}

#[test]
fn attack_31_the_line_is_private_and_no_error_repeats_it() {
    let world = World::with_gateway();
    let (file, trust) = (world.path("line"), world.path("keys.json"));
    let (file_text, trust_text) = (file.to_str().unwrap(), trust.to_str().unwrap());
    let said = exported(&world, &["--output", file_text, "--trust", trust_text]);
    let line = std::fs::read_to_string(&file).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(said["line"].is_null() && !said.to_string().contains(line.trim()));
    assert_eq!(json(&std::fs::read(&trust).unwrap())["operators"].as_array().unwrap().len(), 1);
    for name in ["tmp", "nobody"] {
        std::fs::create_dir(world.path(name)).unwrap();
    }
    let middle = line.len() / 2;
    for bad in [&line[..middle], &format!("{}!{}", &line[..middle], &line[middle..]), "x"] {
        let pipeline = Pipeline { line: bad.to_owned(), world: World::bare() };
        for name in ["tmp", "nobody"] {
            std::fs::create_dir(pipeline.world.path(name)).unwrap();
        }
        let output = pipeline.run(&["run", "--json", "--", "true"]).output();
        assert_eq!((output.status.code(), error_code(&output).as_str()), (Some(125), "ci"));
        let told = format!("{output:?}");
        assert!(bad.len() < 8 || !told.contains(&bad[..bad.len().min(40)]), "{told}");
        assert!(pipeline.left().is_empty());
    }
}

#[test]
fn attack_31_the_line_reaches_no_command() {
    let pipeline = Pipeline::new();
    let mut args = vec!["run", "--env", "COUNTERSIGN_CI", "--", "env"];
    assert_eq!(pipeline.run(&args).output().status.code(), Some(125));
    args.drain(1..3);
    let running = pipeline.run(&args);
    pipeline.world.answer("approve");
    let output = running.output();
    assert!(output.status.success() && !format!("{output:?}").contains("COUNTERSIGN_CI"));
}

#[test]
fn attack_11_a_home_of_the_repositorys_decides_nothing_in_a_pipeline() {
    let pipeline = Pipeline::new();
    let work = pipeline.world.work();
    std::fs::create_dir(work.join(".git")).unwrap();
    std::fs::create_dir(work.join("home")).unwrap();
    let home = work.join("home").display().to_string();
    let refused = |output: &Output, code: i32| {
        assert_eq!((output.status.code(), error_code(output).as_str()), (Some(code), "ci"));
    };
    // Beside the line: nobody is to guess which of the two counts.
    let args = ["--home", &home, "run", "--json", "--", "true"];
    refused(&pipeline.run(&args).output(), 125);
    let mut command = pipeline.job(BINARY, &args);
    refused(
        &Process::start({
            command.env_remove("COUNTERSIGN_CI");
            command
        })
        .output(),
        125,
    );
    // A link in the repository's directory is one of its files as well.
    let args = ["--home", "home", "checkpoint", "deploy", "--json", "--target", "x", "--revision"];
    let revision = "ab".repeat(20);
    let mut command = pipeline.job(BINARY, &[&args[..], &[&revision]].concat());
    refused(
        &Process::start({
            command.env_remove("COUNTERSIGN_CI");
            command
        })
        .output(),
        1,
    );
}

#[test]
fn attack_11_a_policy_that_arrives_with_the_line_only_tightens() {
    let world = World::with_gateway();
    std::fs::write(
        world.path("enforcer").join("policy.toml"),
        "version = 1\n\n[[rule]]\nid = \"let-go\"\ntools = [\"deploy.sh\"]\ndecision = \"allow\"\n\n\
         [[rule]]\nid = \"never\"\ntools = [\"rm\"]\ndecision = \"block\"\n",
    )
    .unwrap();
    let line = exported(&world, &[])["line"].as_str().unwrap().to_owned();
    for name in ["tmp", "nobody"] {
        std::fs::create_dir(world.path(name)).unwrap();
    }
    let pipeline = Pipeline { world, line };
    let deploy = pipeline.world.work().join("deploy.sh");
    std::fs::write(&deploy, "#!/bin/sh\necho deployed\n").unwrap();
    std::fs::set_permissions(&deploy, std::fs::Permissions::from_mode(0o755)).unwrap();
    // What it would let go is still asked about; what it blocks is blocked.
    let running = pipeline.run(&["run", "--ttl", "1m", "--", "./deploy.sh"]);
    pipeline.world.answer("deny");
    assert_eq!(running.output().status.code(), Some(126));
    let output = pipeline.run(&["run", "--", "rm", "x"]).output();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(126) && said.contains("`never`"), "{said}");
}

/// The scalars of a document, in order; panics where it is no YAML.
fn scalars(text: &str) -> Vec<String> {
    let events = Parser::new_from_str(text).map(|event| event.unwrap().0);
    let scalar = |event| match event {
        Event::Scalar(text, ..) => Some(text.to_string()),
        _ => None,
    };
    events.filter_map(scalar).collect()
}

#[test]
fn the_action_holds_the_command_that_it_is_given() {
    let pipeline = Pipeline::new();
    let scalars = scalars(ACTION);
    let text = &scalars[scalars.iter().rposition(|text| text == "run").unwrap() + 1];
    assert!(!text.contains("${{"), "what a caller gives is no part of the text: {text}");
    let step = |command: &str, to: &str| {
        let mut step = pipeline.job("sh", &["-e", "-c", text]);
        step.env("HELD_COMMAND", command).env("HELD_TO", to).env("HELD_TTL", "1m");
        step.env("HELD_ENV", "HELD_TTL").env("HELD_REPORT", "out.json");
        step
    };
    let running = Process::start(step("echo \"got $HELD_TTL\"; exit 3", "ann"));
    let id = pipeline.world.waiting("approver");
    let review = pipeline.world.json("approver", &["show", &id]).to_string();
    assert!(review.contains("exit 3"), "{review}");
    pipeline.world.json("approver", &["approve", &id]);
    let output = running.output();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(3), &b"got 1m\n"[..]));
    let report = std::fs::read(pipeline.world.work().join("out.json")).unwrap();
    assert_eq!(json(&report)["verdict"], "approved");
    // A secret that is not there, such as in a fork's pull request.
    let mut without = step("true", "ann");
    without.env("COUNTERSIGN_CI", "");
    assert_eq!(Process::start(without).output().status.code(), Some(126));
    assert_eq!(Process::start(step("true", "ann; true")).output().status.code(), Some(126));
}

#[test]
fn the_job_holds_the_deployment() {
    let pipeline = Pipeline::new();
    let scalars = scalars(JOB);
    let from = scalars.iter().position(|text| text == "script").unwrap() + 1;
    let lines = &scalars[from..from + 2];
    let script = lines.join("\n").replace("--to sre", "--to ann");
    let deploy = pipeline.world.work().join("deploy.sh");
    std::fs::write(&deploy, "#!/bin/sh\necho deployed\n").unwrap();
    std::fs::set_permissions(&deploy, std::fs::Permissions::from_mode(0o755)).unwrap();
    let running = Process::start(pipeline.job("sh", &["-e", "-c", &script]));
    pipeline.world.answer("approve");
    let output = running.output();
    assert_eq!(output.stdout, b"deployed\n", "{output:?}");
}
