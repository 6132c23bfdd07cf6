//! Programs that must run, and run as they would without us.

use super::*;
use countersign_core::receipt::Binding::{Descriptor, Rehashed, Sealed};
use std::process::Command as Direct;

/// What the kernel makes of the same call.
fn direct(scene: &Scene, argv: &[&str]) -> String {
    let mut command = Direct::new(argv[0]);
    command.args(&argv[1..]).current_dir(scene.path("")).env_clear();
    let output = command.env("PATH", &scene.caller["PATH"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn a_binary_that_nobody_of_ours_can_write_runs_through_its_descriptor() {
    let mut scene = Scene::new();
    scene.user = NOBODY;
    let prepared = scene.prepare(&["/bin/true"]);
    assert_eq!(prepared.binding(), Descriptor);
    assert_eq!(run(&prepared).await.0, Outcome { exit_code: Some(0), ..Outcome::default() });
}

#[tokio::test]
async fn a_binary_that_can_be_written_runs_from_a_sealed_copy_under_its_own_name() {
    let scene = Scene::new();
    scene.copy("/bin/sh", "shell");
    let prepared = scene.prepare(&["./shell", "-c", "echo $0; exit 3"]);
    assert_eq!(prepared.binding(), Sealed);
    let (outcome, output) = run(&prepared).await;
    assert_eq!((outcome.exit_code, output.as_str()), (Some(3), "./shell\n"));
    let exe = scene.run(&["sh", "-c", "readlink /proc/$$/exe"]).await;
    assert!(exe.starts_with("/memfd:"), "{exe}");
}

#[tokio::test]
async fn a_program_that_looks_at_its_own_file_runs_in_its_place() {
    let scene = Scene::new();
    let prepared = scene.prepare(&["node", "-p", "process.execPath"]);
    assert_eq!(prepared.binding(), Rehashed, "is nodejs installed?");
    let (_, output) = run(&prepared).await;
    assert!(!output.contains("memfd") && output.contains("node"), "{output}");
}

#[tokio::test]
async fn a_script_gets_the_words_that_the_kernel_would_give_it() {
    let scene = Scene::new();
    let one = scene.write("one", "#!/usr/bin/printf <%s>\n");
    scene.write("two", &format!("#! {} \t-- %s \n", one.display()));
    scene.write("three", "#!/usr/bin/env -S printf [%s]\n");
    scene.write("four", "#!/usr/bin/env echo\n");
    for name in ["one", "two", "three", "four"] {
        for spoken in [text(&scene.path(name)), &format!("./{name}")] {
            let argv = [spoken, "a b", "", "--"];
            assert_eq!(scene.run(&argv).await, direct(&scene, &argv), "{name}");
        }
    }
}

#[tokio::test]
async fn a_script_is_pinned_with_its_interpreter_and_sealed() {
    let scene = Scene::new();
    let script = scene.write("script", "#!/bin/sh -e\necho \"$# $1\"\n");
    let prepared = scene.prepare(&["./script", "x"]);
    assert_eq!(prepared.binding(), Sealed);
    assert_eq!(command(&prepared).program.path, text(&script));
    assert_eq!(paths(&prepared), ["/bin/sh"]);
    assert_eq!(run(&prepared).await.1, "1 x\n");
}

#[tokio::test]
async fn a_script_that_looks_for_its_own_place_finds_it() {
    let scene = Scene::new();
    scene.write("script", "#!/bin/sh\ncd / && dirname \"$0\"\n");
    let path = scene.path("script");
    let prepared = scene.prepare(&[text(&path)]);
    assert_eq!(prepared.binding(), Rehashed);
    assert_eq!(run(&prepared).await.1.trim_end(), text(&scene.path("")).trim_end_matches('/'));
    assert!(matches!(prepared.launch(true, None), Err(StartError::TooWeak { .. })));
}

#[tokio::test]
async fn the_script_of_an_interpreter_is_pinned() {
    let scene = Scene::new();
    let script = scene.write("deploy.sh", "echo deployed $1\n");
    let prepared = scene.prepare(&["sh", "-eu", "deploy.sh", "now"]);
    assert_eq!(paths(&prepared), [text(&script)]);
    assert_eq!(prepared.binding(), Sealed);
    assert_eq!(run(&prepared).await.1, "deployed now\n");
    assert!(matches!(scene.try_prepare(&["sh", "absent.sh"]), Err(PrepareError::NotFound(_))));
}

#[tokio::test]
async fn sealed_scripts_run_in_every_interpreter_that_is_trusted_with_them() {
    let scene = Scene::new();
    for (interpreter, line) in [
        ("/bin/bash", "echo bash"),
        ("/bin/dash", "echo dash"),
        ("/usr/bin/perl", "print \"perl\\n\";"),
    ] {
        scene.write("script", &format!("{line}\n"));
        let argv = [interpreter, "script"];
        // The binary itself may have to run in its place; the script is sealed all the same.
        let prepared = scene.prepare(&argv);
        assert_eq!(prepared.plan.pins[1].binding, Sealed, "{interpreter}");
        let name = interpreter.rsplit('/').next().unwrap();
        assert_eq!(run(&prepared).await.1.trim_end(), name);
    }
}

#[tokio::test]
async fn npm_runs() {
    let output = Scene::new().run(&["npm", "--version"]).await;
    assert!(output.starts_with(|c: char| c.is_ascii_digit()), "{output}");
}

#[tokio::test]
async fn rustc_runs() {
    let output = Scene::new().run(&["rustc", "--version"]).await;
    assert!(output.starts_with("rustc "), "{output}");
}

#[tokio::test]
async fn a_python_of_a_virtual_environment_stays_in_it() {
    let scene = Scene::new();
    let made = Direct::new("python3")
        .args(["-m", "venv", "--without-pip", text(&scene.path("venv"))])
        .output()
        .expect("python3 is not installed");
    assert!(made.status.success(), "python3-venv is not installed: {made:?}");
    scene.write("where.py", "import sys\nprint(sys.prefix)\n");
    let prepared = scene.prepare(&["venv/bin/python", "where.py"]);
    assert_eq!(paths(&prepared), [text(&scene.path("where.py"))]);
    assert_eq!(run(&prepared).await.1.trim_end(), text(&scene.path("venv")));
    scene.write("plain.py", "print(6 * 7)\n");
    let prepared = scene.prepare(&["venv/bin/python", "plain.py"]);
    assert_eq!(prepared.plan.pins.last().map(|pin| pin.binding), Some(Sealed));
    assert_eq!(run(&prepared).await.1, "42\n");
}

#[tokio::test]
async fn the_child_gets_the_working_directory_and_nothing_on_standard_input() {
    let scene = Scene::new();
    let output = scene.run(&["sh", "-c", "pwd; cat; readlink /proc/self/fd/0"]).await;
    let cwd = scene.path("");
    assert_eq!(output, format!("{}\n/dev/null\n", text(&cwd).trim_end_matches('/')));
}

#[test]
fn the_same_call_has_the_same_hash() {
    let mut scene = Scene::new();
    scene.set("API_TOKEN", "canary");
    scene.add_env = vec!["API_TOKEN".into()];
    scene.write("script", "#!/usr/bin/env sh\n");
    let hash = |scene: &Scene| scene.prepare(&["./script", "x"]).action().hash().unwrap();
    let first = hash(&scene);
    scene.set("UNRELATED", "1");
    assert_eq!(hash(&scene), first);
    scene.set("TERM", "another");
    assert_ne!(hash(&scene), first);
}

#[test]
fn what_cannot_be_pinned_is_refused_or_named() {
    let scene = Scene::new();
    scene.write("text", "no interpreter line\n");
    scene.write("loop", &format!("#!{}\n", scene.path("loop").display()));
    let refused = |argv: &[&str]| scene.try_prepare(argv).unwrap_err();
    assert!(matches!(refused(&[]), PrepareError::Empty));
    assert!(matches!(refused(&["a\0b"]), PrepareError::Nul(_)));
    assert!(matches!(refused(&["absent"]), PrepareError::NotFound(_)));
    assert!(matches!(refused(&["./text"]), PrepareError::NotExecutable(_)));
    assert!(matches!(refused(&["./loop"]), PrepareError::Interpreter { .. }));
    let named = |argv: &[&str], part: &str| {
        let prepared = scene.prepare(argv);
        assert!(prepared.unpinned().iter().any(|note| note.contains(part)), "{argv:?}");
    };
    named(&["env", "ls"], "program that `env` starts");
    named(&["sh", "-c", "ls"], "code for");
    named(&["python3", "-m", "this"], "module");
    named(&["sh", "/dev/stdin"], "finds for `/dev/stdin`");
    named(&["cat", "text"], "content of");
    named(&["cat"], "shared libraries");
    let warned = scene.prepare(&["cat", "--token", "hunter2"]);
    assert_eq!(warned.warnings().len(), 1);
}

#[tokio::test]
async fn a_directory_of_the_path_that_was_not_searched_is_named_with_what_to_do() {
    let mut scene = Scene::new();
    scene.set("PATH", "/bin:tools::tools:/usr/bin:");
    let prepared = scene.prepare(&["cat"]);
    let [tools, empty] = prepared.warnings() else { panic!("{:?}", prepared.warnings()) };
    let (here, below) = (scene.path(""), scene.path("tools"));
    assert!(tools.contains("entry `tools` of PATH") && tools.contains(text(&below)), "{tools}");
    assert!(tools.contains("write the whole path"), "{tools}");
    let here = text(&here).trim_end_matches('/');
    assert!(empty.contains(&format!("`{here}`")) && empty.contains("take the empty entry out"));
}

#[test]
fn without_a_runtime_nothing_is_started() {
    let scene = Scene::new();
    let prepared = scene.prepare(&["/bin/true"]);
    let refusal = refusal(&prepared);
    assert!(matches!(refusal, StartError::NoRuntime), "{refusal}");
}
