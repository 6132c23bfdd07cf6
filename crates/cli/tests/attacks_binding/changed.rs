//! Something changes between the review and the run.

use crate::common::Process;
use crate::hostile::Stage;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

/// Writes an executable script that leaves `word` behind.
fn script(path: &Path, word: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    write(path, &format!("#!/bin/sh\necho {word} >> ran\n"));
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Has `command` approved, changes something before the approval arrives, and expects that
/// nothing runs and a receipt says so.
fn changed_meanwhile(stage: &Stage, run: Process, change: impl FnOnce()) {
    let asked = stage.ann.request();
    change();
    stage.ann.send(&stage.ann.yes(&asked), &asked);
    let output = run.output();
    assert_eq!(output.status.code(), Some(126), "{output:?}");
    assert_eq!(stage.runs(), 0);
    let report = stage.world.report();
    assert_eq!(report["error"]["code"], "HARP_ERR_HASH_MISMATCH", "{report}");
    assert_eq!(report["verdict"], "failed", "{report}");
    let (judged, _) = stage.world.verify(report["receipt"].as_str().unwrap(), &[]);
    assert_eq!((&judged["verdict"], &judged["event"]), (&"Valid".into(), &"failed".into()));
}

#[test]
fn attack_01_a_script_rewritten_after_the_review_does_not_run() {
    let stage = Stage::set();
    let path = stage.world.work().join("job.sh");
    script(&path, "good");
    let run = stage.world.gate(&[], &["./job.sh"]);
    changed_meanwhile(&stage, run, || script(&path, "evil"));
}

#[test]
fn attack_01_a_script_that_an_interpreter_reads_rewritten_after_the_review_does_not_run() {
    let stage = Stage::set();
    let path = stage.world.work().join("job.sh");
    script(&path, "good");
    let run = stage.world.gate(&[], &["sh", "job.sh"]);
    changed_meanwhile(&stage, run, || script(&path, "evil"));
}

#[test]
fn attack_01_an_executable_swapped_after_the_review_does_not_run() {
    let stage = Stage::set();
    let path = stage.world.work().join("tool");
    fs::copy("/bin/true", &path).unwrap();
    let run = stage.world.gate(&[], &["./tool"]);
    changed_meanwhile(&stage, run, || {
        fs::remove_file(&path).unwrap();
        script(&path, "evil");
    });
}

#[test]
fn attack_01_a_link_pointed_elsewhere_after_the_review_does_not_run() {
    let stage = Stage::set();
    let (good, evil) = (stage.world.path("good.sh"), stage.world.path("evil.sh"));
    script(&good, "good");
    script(&evil, "evil");
    let link = stage.world.work().join("job");
    symlink(&good, &link).unwrap();
    let run = stage.world.gate(&[], &["./job"]);
    changed_meanwhile(&stage, run, || {
        fs::remove_file(&link).unwrap();
        symlink(&evil, &link).unwrap();
    });
}

#[test]
fn attack_01_a_directory_swapped_after_the_review_is_not_entered() {
    let stage = Stage::set();
    let dir = stage.world.work().join("project");
    script(&dir.join("job.sh"), "good");
    let report = stage.world.path("report.json").display().to_string();
    let mut command =
        stage.world.command("enforcer", &["run", "--report", &report, "--", "./job.sh"]);
    command.current_dir(&dir);
    let run = Process::start(command);
    changed_meanwhile(&stage, run, || {
        fs::rename(&dir, stage.world.work().join("away")).unwrap();
        script(&dir.join("job.sh"), "good");
    });
    assert!(!dir.join("ran").exists() && !stage.world.work().join("away/ran").exists());
}

#[test]
fn attack_41_an_interpreter_swapped_after_the_review_does_not_run() {
    let stage = Stage::set();
    let interpreter = stage.world.work().join("interpreter");
    fs::copy("/bin/sh", &interpreter).unwrap();
    write(
        &stage.world.work().join("job"),
        &format!("#!{}\necho good >> ran\n", interpreter.display()),
    );
    let run = stage.world.gate(&[], &["./job"]);
    changed_meanwhile(&stage, run, || {
        fs::remove_file(&interpreter).unwrap();
        script(&interpreter, "evil");
    });
}

#[test]
fn attack_01_a_program_put_earlier_on_the_path_is_another_question() {
    let stage = Stage::set();
    let (early, late) = (stage.world.path("early/tool"), stage.world.path("late/tool"));
    script(&late, "good");
    fs::create_dir(stage.world.path("early")).unwrap();
    let path = format!(
        "{}:{}:/bin",
        stage.world.path("early").display(),
        stage.world.path("late").display()
    );
    let start = |ttl: &str| {
        let mut command = stage.world.command("enforcer", &["run", "--ttl", ttl, "--", "tool"]);
        command.env("PATH", &path);
        Process::start(command)
    };
    let mut run = start("5m");
    stage.gateway.wait_for_calls(countersign_testkit::Kind::Wait, 1);
    run.kill();
    stage.ann.approve();
    script(&early, "evil");
    assert_eq!(start("1s").output().status.code(), Some(126), "the approval is not for this one");
    assert_eq!(stage.runs(), 0);
    fs::remove_file(&early).unwrap();
    assert!(start("5m").output().status.success(), "it is for that one");
    assert_eq!(fs::read_to_string(stage.world.work().join("ran")).unwrap(), "good\n");
}

#[test]
fn attack_41_a_script_rewritten_while_it_runs_runs_the_approved_bytes() {
    let stage = Stage::set();
    let path = stage.world.work().join("job.sh");
    // A shell reads a script as it goes: what stands behind the loop is read after it.
    let job = |word: &str| {
        format!(
            "#!/bin/sh\necho started > started\nwhile [ ! -e go ]; do sleep 0.02; done\necho {word} > word\n"
        )
    };
    write(&path, &job("good"));
    let mut run = stage.world.gate(&[], &["./job.sh"]);
    stage.ann.approve();
    crate::hostile::until("the start", || stage.world.work().join("started").exists());
    // In place, behind the descriptor that is open.
    fs::write(&path, job("evil")).unwrap();
    fs::write(stage.world.work().join("go"), "").unwrap();
    assert!(run.wait().success());
    assert_eq!(fs::read_to_string(stage.world.work().join("word")).unwrap(), "good\n");
}

#[test]
fn attack_02_an_approval_to_delete_one_file_deletes_no_other() {
    let stage = Stage::set();
    let (one, two) = (stage.world.work().join("one"), stage.world.work().join("two"));
    fs::write(&one, "").unwrap();
    fs::write(&two, "").unwrap();
    let mut run = stage.world.gate(&[], &["rm", "one"]);
    stage.gateway.wait_for_calls(countersign_testkit::Kind::Wait, 1);
    run.kill();
    stage.ann.approve();
    assert_eq!(
        stage.world.gate(&["--ttl", "1s"], &["rm", "two"]).output().status.code(),
        Some(126)
    );
    let other = stage.world.report()["actionHash"].clone();
    assert!(one.exists() && two.exists());
    assert!(stage.world.gate(&[], &["rm", "one"]).wait().success());
    assert!(!one.exists() && two.exists());
    assert_ne!(stage.world.report()["actionHash"], other);
}
