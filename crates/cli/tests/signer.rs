//! A home whose operator key a program holds.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step fails the test")]

mod common;

use common::{World, error_code};
use countersign_core::encoding::base64;
use countersign_core::keys::{Domain, SecretKeys};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a signer's input begins with, up to the bytes.
const FRAME: &[u8] = b"countersign-sign/v1\n";

/// A device that holds a key. The program hands it what came in, and prints what it answers.
struct Device {
    dir: PathBuf,
    away: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Device {
    fn start(dir: &Path, n: u8) -> Self {
        fs::create_dir_all(dir).unwrap();
        let (dir, away) = (dir.canonicalize().unwrap(), Arc::new(AtomicBool::new(false)));
        let (place, gone) = (dir.clone(), Arc::clone(&away));
        let key = SecretKeys::from_bytes(&[n; 64]).unwrap();
        let thread = std::thread::spawn(move || {
            while !gone.load(Ordering::Relaxed) {
                answer_all(&place, &key);
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        });
        let place = dir.display();
        let text = format!(
            "#!/bin/sh\nf=$(mktemp {place}/XXXXXX)\ncat > $f\nmv $f $f.ask\n\
             while [ ! -e $f.sig ]; do sleep 0.01; done\ncat $f.sig\n"
        );
        fs::write(dir.join("program"), text).unwrap();
        fs::set_permissions(dir.join("program"), fs::Permissions::from_mode(0o700)).unwrap();
        Self { dir, away, thread: Some(thread) }
    }

    fn program(&self) -> String {
        self.dir.join("program").display().to_string()
    }

    fn leave(&mut self) {
        self.away.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.away.store(true, Ordering::Relaxed);
    }
}

fn answer_all(dir: &Path, key: &SecretKeys) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|end| end != "ask") {
            continue;
        }
        let text = fs::read(&path).unwrap();
        let body = text.strip_prefix(FRAME).unwrap();
        let mut parts = body.splitn(3, |b| *b == b'\n').skip(1);
        let length: usize = std::str::from_utf8(parts.next().unwrap()).unwrap().parse().unwrap();
        let bytes = parts.next().unwrap();
        assert_eq!(bytes.len(), length);
        let signature = signed(key, bytes);
        fs::remove_file(&path).unwrap();
        let half = path.with_extension("half");
        fs::write(&half, signature + "\n").unwrap();
        fs::rename(half, path.with_extension("sig")).unwrap();
    }
}

/// A device sees what it signs: the domain, a zero byte, and a canonical object.
fn signed(key: &SecretKeys, bytes: &[u8]) -> String {
    let zero = bytes.iter().position(|b| *b == 0).unwrap();
    let domain = |domain: &Domain| domain.tag().as_bytes() == &bytes[..zero];
    let object: serde_json::Value = serde_json::from_slice(&bytes[zero + 1..]).unwrap();
    key.sign(Domain::ALL.into_iter().find(domain).unwrap(), &object).unwrap().to_string()
}

fn public(n: u8) -> String {
    base64(&SecretKeys::from_bytes(&[n; 64]).unwrap().public().signing())
}

#[test]
fn a_program_signs_what_the_operator_signs_and_without_it_nothing_runs() {
    let world = World::with_gateway();
    let mut device = Device::start(&world.path("device"), 5);
    let program = device.program();
    let args =
        ["key", "init", "--public", &public(5), "--timeout", "20s", "--json", "--", &program];
    let made = world.run("enforcer", &args);
    assert!(made.status.success(), "{made:?}");
    let again = world.run("enforcer", &args);
    assert!(!again.status.success(), "a home has one operator");
    world.pair("enforcer", "approver", "ann", "device");
    let run = world.gate(&[], &["true"]);
    world.answer("approve");
    assert!(run.output().status.success());
    assert_eq!(world.json("enforcer", &["audit", "verify"])["verdict"], "Valid");
    let file = fs::read_to_string(world.path("enforcer").join("keys/operator.json")).unwrap();
    assert!(!file.contains("\"secret\""), "{file}");
    device.leave();
    let short = file.replace("20000", "200");
    fs::write(world.path("enforcer").join("keys/operator.json"), short).unwrap();
    let run = world.gate(&["--ttl", "2s"], &["touch", "ran"]).output();
    assert!(!run.status.success(), "{run:?}");
    assert!(!world.work().join("ran").exists());
}

#[test]
fn attack_31_a_program_without_the_key_makes_no_home() {
    let world = World::empty();
    let device = Device::start(&world.path("device"), 6);
    let program = device.program();
    let args =
        ["key", "init", "--public", &public(5), "--timeout", "20s", "--json", "--", &program];
    let refused = world.run("enforcer", &args);
    assert_eq!((refused.status.code(), error_code(&refused).as_str()), (Some(1), "signer"));
    assert!(!world.path("enforcer").join("keys/operator.json").exists());
}
