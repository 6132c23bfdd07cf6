//! What must never happen between the review of a command and its run.

use super::*;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use std::io::Write as _;
use std::os::unix::fs::symlink;

fn assert_changed(prepared: &Prepared, path: &Path) {
    match refusal(prepared) {
        StartError::Changed { path: named } => assert_eq!(named, text(path)),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn attack_01_a_script_rewritten_after_the_review_does_not_run() {
    let scene = Scene::new();
    for line in ["echo ok", "echo $0"] {
        let script = scene.write("script", &format!("#!/bin/sh\n{line}\n"));
        let prepared = scene.prepare(&["./script"]);
        scene.write("script", "#!/bin/sh\necho evil\n");
        assert_changed(&prepared, &script);
    }
}

#[tokio::test]
async fn attack_01_an_executable_swapped_after_the_review_does_not_run() {
    let scene = Scene::new();
    let tool = scene.copy("/bin/true", "tool");
    let prepared = scene.prepare(&["./tool"]);
    fs::rename(scene.copy("/bin/false", "other"), &tool).unwrap();
    assert_changed(&prepared, &tool);
    fs::remove_file(&tool).unwrap();
    assert!(matches!(refusal(&prepared), StartError::NotFound { .. }));
}

#[tokio::test]
async fn attack_01_a_retargeted_link_does_not_run() {
    let scene = Scene::new();
    let link = scene.path("link");
    symlink("/bin/true", &link).unwrap();
    let prepared = scene.prepare(&["./link"]);
    assert_eq!(command(&prepared).program.path, text(&link));
    fs::remove_file(&link).unwrap();
    symlink("/bin/false", &link).unwrap();
    assert_changed(&prepared, &link);
}

#[tokio::test]
async fn attack_01_a_program_put_earlier_on_the_path_is_not_the_approved_one() {
    let mut scene = Scene::new();
    let [a, b] = ["a", "b"].map(|name| scene.path(name));
    [&a, &b].into_iter().for_each(|d| fs::create_dir(d).unwrap());
    scene.set("PATH", &format!("{}:{}:/bin:/usr/bin", a.display(), b.display()));
    scene.write("b/tool", "#!/bin/sh\necho approved\n");
    let prepared = scene.prepare(&["tool"]);
    scene.write("a/tool", "#!/bin/sh\necho evil\n");
    assert_eq!(run(&prepared).await.1, "approved\n");
    let again = scene.prepare(&["tool"]);
    assert_ne!(again.action().hash().unwrap(), prepared.action().hash().unwrap());
}

#[tokio::test]
async fn attack_01_a_swapped_working_directory_is_not_entered() {
    let scene = Scene::new();
    let work = scene.path("work");
    fs::create_dir(&work).unwrap();
    let call = Call { cwd: work.clone(), ..scene.call(&["pwd"]) };
    let prepared = prepare_against(ROOT, &call, &scene.caller, &SECRET).unwrap();
    fs::rename(&work, scene.path("aside")).unwrap();
    fs::create_dir(&work).unwrap();
    assert_changed(&prepared, &work);
}

#[tokio::test]
async fn attack_01_a_file_that_came_into_reach_after_the_review_does_not_run() {
    let scene = Scene::new();
    let mut prepared = scene.prepare(&["/bin/true"]);
    // As if the review had found it out of reach.
    prepared.plan.pins[0].binding = countersign_core::receipt::Binding::Descriptor;
    assert_changed(&prepared, Path::new("/bin/true"));
}

#[tokio::test]
async fn attack_41_a_swapped_interpreter_does_not_run() {
    let scene = Scene::new();
    let interpreter = scene.copy("/bin/sh", "interpreter");
    scene.write("script", &format!("#!{}\necho ok\n", interpreter.display()));
    let prepared = scene.prepare(&["./script"]);
    fs::remove_file(&interpreter).unwrap();
    scene.copy("/bin/cat", "interpreter");
    assert_changed(&prepared, &interpreter);
}

#[tokio::test]
async fn attack_41_a_swapped_script_of_an_interpreter_does_not_run() {
    let scene = Scene::new();
    let script = scene.write("script", "echo ok\n");
    let prepared = scene.prepare(&["sh", "script"]);
    scene.write("script", "echo evil\n");
    assert_changed(&prepared, &script);
}

#[tokio::test]
async fn attack_41_a_script_rewritten_in_place_while_it_runs_runs_the_approved_bytes() {
    let scene = Scene::new();
    let gate = scene.path("gate");
    mknodat(CWD, &gate, FileType::Fifo, Mode::RWXU, 0).unwrap();
    // A shell reads ahead; the end is far beyond that.
    let far = "# far\n".repeat(20_000);
    let text = |last: &str| format!("#!/bin/sh\nread line < gate\n{far}echo {last}\n");
    scene.write("script", &text("approved"));
    let prepared = scene.prepare(&["./script"]);
    let mut output = tempfile::tempfile().unwrap();
    let running = prepared.launch(false, Some(&output)).unwrap();
    scene.write("script", &text("evil....."));
    // Opening it waits for the script to come to its first line.
    File::options().write(true).open(&gate).unwrap().write_all(b"go\n").unwrap();
    assert_eq!(running.wait().await.unwrap().exit_code, Some(0));
    assert_eq!(read(&mut output), "approved\n");
}

#[tokio::test]
async fn attack_41_other_input_is_another_action_and_the_child_gets_the_approved_one() {
    let mut scene = Scene::new();
    let none = scene.prepare(&["sh"]).action().hash().unwrap();
    scene.stdin = Some(b"echo approved\n".to_vec());
    let prepared = scene.prepare(&["sh"]);
    assert_eq!(run(&prepared).await.1, "approved\n");
    scene.stdin = Some(b"echo evil\n".to_vec());
    let other = scene.prepare(&["sh"]);
    let hashes = [&prepared, &other].map(|it| it.action().hash().unwrap());
    assert!(hashes[0] != hashes[1] && !hashes.contains(&none));
    assert_eq!(other.warnings().len(), 1);
}

#[tokio::test]
async fn attack_38_the_callers_environment_does_not_reach_the_child() {
    let mut scene = Scene::new();
    for name in ["LD_PRELOAD", "BASH_ENV", "ENV", "GIT_DIR", "COUNTERSIGN_HOME", "PYTHONPATH"] {
        scene.set(name, "/evil");
    }
    scene.set("WANTED", "yes");
    scene.add_env = vec!["WANTED".into()];
    let output = scene.run(&["/usr/bin/env"]).await;
    assert!(!output.contains("/evil"), "{output}");
    assert!(output.contains("WANTED=yes\n"));
    let shown: Vec<&str> = output.lines().filter_map(|l| l.split_once('=').map(|p| p.0)).collect();
    let prepared = scene.prepare(&["/usr/bin/env"]);
    assert_eq!(shown.len(), command(&prepared).env.len());
    assert!(shown.iter().all(|name| command(&prepared).env.contains_key(*name)));
}

#[test]
fn attack_38_an_added_variable_that_loads_code_makes_the_call_critical() {
    let mut scene = Scene::new();
    scene.set("LD_PRELOAD", "/evil.so");
    assert!(scene.prepare(&["/bin/true"]).critical().is_empty());
    scene.add_env = vec!["LD_PRELOAD".into()];
    assert_eq!(scene.prepare(&["/bin/true"]).critical().len(), 1);
}

#[tokio::test]
async fn attack_31_a_secret_reaches_the_child_and_no_record() {
    let mut scene = Scene::new();
    scene.set("DEPLOY_TOKEN", "canary-value");
    scene.add_env = vec!["DEPLOY_TOKEN".into()];
    let prepared = scene.prepare(&["sh", "-c", "echo $DEPLOY_TOKEN"]);
    let record = countersign_core::json::canonical(prepared.action()).unwrap();
    assert!(!String::from_utf8(record).unwrap().contains("canary-value"));
    assert!(!format!("{prepared:?}").contains("canary-value"));
    assert_eq!(run(&prepared).await.1, "canary-value\n");
}

#[tokio::test]
async fn attack_47_a_commitment_that_its_disclosure_does_not_open_does_not_run() {
    let mut scene = Scene::new();
    scene.set("DEPLOY_TOKEN", "canary-value");
    scene.add_env = vec!["DEPLOY_TOKEN".into()];
    let mut undisclosed = scene.prepare(&["/bin/true"]);
    undisclosed.forget_disclosures();
    assert!(matches!(refusal(&undisclosed), StartError::Undisclosed(_)));
    let mut other = scene.prepare(&["/bin/true"]);
    other.forge_environment("DEPLOY_TOKEN", "other");
    assert!(matches!(refusal(&other), StartError::Undisclosed(_)));
    let mut added = scene.prepare(&["/bin/true"]);
    added.forge_environment("LD_PRELOAD", "/evil.so");
    assert!(matches!(refusal(&added), StartError::Undisclosed(_)));
}

#[tokio::test]
async fn attack_41_descriptors_that_we_inherited_end_with_us() {
    let scene = Scene::new();
    let file = tempfile::tempfile().unwrap();
    let leaked = fcntl_dupfd_cloexec(&file, 50).unwrap();
    fcntl_setfd(&leaked, FdFlags::empty()).unwrap();
    // The listing itself opens the directory as 3.
    assert_eq!(scene.run(&["/bin/ls", "/proc/self/fd"]).await, "0\n1\n2\n3\n");
    scene.write("sealed", "#!/bin/sh\nexec ls -- $1\n");
    let output = scene.run(&["./sealed", "/proc/self/fd"]).await;
    let mut numbers: Vec<u32> = output.lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    let [0, 1, 2, 3, ref passed @ ..] = numbers[..] else { panic!("{output}") };
    assert!(matches!(passed, [number] if *number >= 100), "only the script itself: {output}");
}
