//! Patches that make git say much, and ones that never end.

use super::{DIFF, World, common, scene};
use std::fmt::Write as _;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// What comes of it, which must be soon.
fn soon(world: &World, patch: &str) -> Output {
    let mut applying = world.spawn("enforcer", &["apply", "--json", "--ttl", "5s", patch]);
    let until = Instant::now() + Duration::from_secs(30);
    while applying.child.try_wait().unwrap().is_none() {
        if Instant::now() > until {
            applying.child.kill().unwrap();
            panic!("it waits for ever");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    applying.output()
}

#[test]
fn attack_20_a_patch_about_which_git_says_much_ends_with_a_short_error() {
    let (world, _repository) = scene();
    let mut diff = String::new();
    for number in 0..1500 {
        let name = format!("dir/{}{number}", "n".repeat(40));
        let head = format!("diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n");
        write!(diff, "{head}@@ -1 +1 @@\n-a\n+b\n").unwrap();
    }
    // None of the files is there: git complains of each.
    let patch = world.path("many.diff");
    std::fs::write(&patch, diff).unwrap();
    let output = soon(&world, patch.to_str().unwrap());
    assert_eq!((output.status.code(), common::error_code(&output).as_str()), (Some(1), "patch"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.len() < 2000 && said.contains("more"), "{said}");
}

#[test]
fn attack_20_a_pipe_in_the_place_of_a_patch_is_refused() {
    let (world, _repository) = scene();
    let fifo = world.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let output = soon(&world, fifo.to_str().unwrap());
    assert_eq!((output.status.code(), common::error_code(&output).as_str()), (Some(1), "patch"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("no regular file"), "{said}");
    // A link to a file is as good as the file.
    let (patch, link) = (world.path("patch.diff"), world.path("link.diff"));
    std::fs::write(&patch, DIFF.replace("-10", "-11")).unwrap();
    std::os::unix::fs::symlink(&patch, &link).unwrap();
    let said = soon(&world, link.to_str().unwrap());
    assert!(String::from_utf8(said.stderr).unwrap().contains("does not apply"));
}
