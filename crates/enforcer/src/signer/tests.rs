#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use super::*;
use std::os::unix::fs::PermissionsExt as _;

/// What a good program prints; the bytes are no signature of anything.
fn printed() -> String {
    countersign_core::encoding::base64(&[7; 64])
}

struct Scene {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

fn script(body: &str) -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap().join("signer");
    std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    Scene { _dir: dir, path }
}

impl Scene {
    fn program(&self, timeout_millis: u64) -> Program {
        let (path, arguments) = (self.path.clone(), vec!["one".to_owned()]);
        Program { path, arguments, timeout_millis: Some(timeout_millis) }
    }

    fn sign(&self, bytes: &[u8]) -> Result<Signature, String> {
        let signer = Signer::new(self.program(20_000), KeyId("the-key".into()));
        signer.sign(bytes).map_err(|e| e.to_string())
    }
}

#[test]
fn it_reads_the_frame_and_its_signature_is_taken() {
    let kept = script("");
    let file = kept.path.with_file_name("heard");
    let good = script(&format!("cat > '{}'\necho {}", file.display(), printed()));
    let long = vec![b'x'; 300_000];
    assert_eq!(good.sign(&long).unwrap(), Fixed([7; 64]));
    let heard = std::fs::read(&file).unwrap();
    let head = b"countersign-sign/v1\nthe-key\n300000\n";
    assert_eq!((heard.get(..head.len()), heard.len()), (Some(&head[..]), head.len() + long.len()));
}

#[test]
fn attack_20_a_program_that_fails_hangs_or_babbles_signs_nothing() {
    let (line, long) = (printed(), "x".repeat(400));
    for bad in [
        "exit 0".to_owned(),
        format!("echo {line}; exit 1"),
        format!("echo {line}; echo {line}"),
        format!("echo ' {line}'"),
        format!("echo {line}="),
        format!("echo {long}"),
        "head -c 64 /dev/zero".to_owned(),
        format!("echo {line}; kill -9 $$"),
    ] {
        let refused = script(&bad).sign(b"x").unwrap_err();
        assert!(refused.starts_with("the signer did not sign: "), "{bad}: {refused}");
        assert!(!refused.contains(&line), "{refused}");
    }
    let slow = script("exec sleep 60");
    let signer = Signer::new(slow.program(1), KeyId("the-key".into()));
    assert!(signer.sign(b"x").unwrap_err().to_string().contains("too long"));
}

#[test]
fn attack_38_the_environment_of_the_caller_does_not_reach_it() {
    let seen = script("");
    let file = seen.path.with_file_name("env");
    let body = format!("cat > /dev/null\nenv > '{}'\necho {}", file.display(), printed());
    script(&body).sign(b"x").unwrap();
    let names = std::fs::read_to_string(&file).unwrap();
    let names: Vec<&str> =
        names.lines().filter_map(|l| l.split_once('=')).map(|(n, _)| n).collect();
    // A shell sets these itself.
    let own = ["PATH", "PWD", "OLDPWD", "SHLVL", "_"];
    assert!(names.iter().all(|name| own.contains(name)), "{names:?}");
}

#[test]
fn attack_31_a_program_that_others_may_replace_is_not_started() {
    let scene = script(&format!("echo {}", printed()));
    for mode in [0o720, 0o702] {
        std::fs::set_permissions(&scene.path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert!(scene.sign(b"x").unwrap_err().contains("replaced by others"), "{mode:o}");
    }
    std::fs::set_permissions(&scene.path, std::fs::Permissions::from_mode(0o700)).unwrap();
    let link = scene.path.with_file_name("link");
    std::os::unix::fs::symlink(&scene.path, &link).unwrap();
    let linked = Program { path: link, ..scene.program(9) };
    assert!(Signer::new(linked, KeyId("k".into())).sign(b"x").is_err());
    let relative = Program { path: "signer".into(), ..scene.program(9) };
    let refused = Signer::new(relative, KeyId("k".into())).sign(b"x").unwrap_err();
    assert!(refused.to_string().contains("no absolute path"));
}
