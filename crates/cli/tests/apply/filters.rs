//! A repository that names programs to read and write its files, under odd names or late.

use super::repository::Repository;
use super::{DIFF, World, apply, common, ended, scene};
use std::io::Write as _;
use std::path::PathBuf;

/// Has the repository start this filter for every file. It leaves a mark, and other content.
fn filter(world: &World, repository: &Repository, name: &[u8]) -> PathBuf {
    let mark = world.path("filter-ran");
    let touch = format!("touch {}", mark.display());
    let mut config = std::fs::OpenOptions::new();
    let mut config = config.append(true).open(repository.path(".git/config")).unwrap();
    let section = [b"[filter \"".as_slice(), name, b"\"]\n"].concat();
    config.write_all(&section).unwrap();
    let settings = format!(
        "\tclean = \"{touch}; cat\"\n\tsmudge = \"{touch}; echo injected; cat\"\n\trequired = true\n"
    );
    config.write_all(settings.as_bytes()).unwrap();
    let attributes = [b"* filter=".as_slice(), name, b"\n"].concat();
    std::fs::write(repository.path(".git/info/attributes"), &attributes).unwrap();
    std::fs::write(repository.path(".gitattributes"), &attributes).unwrap();
    mark
}

#[test]
fn attack_38_no_filter_is_started_whatever_its_name_is() {
    for name in [&b"a=b"[..], b"\xff", b"a.b", b"plain"] {
        for more in [&[][..], &["--index"]] {
            let (world, repository) = scene();
            let mark = filter(&world, &repository, name);
            let applying = apply(&world, DIFF, more);
            let id = world.waiting("approver");
            let shown = String::from_utf8_lossy(name);
            assert!(!mark.exists(), "{shown} before anybody approved");
            world.json("approver", &["approve", &id]);
            let output = applying.output();
            assert_eq!(ended(&output), (0, "approved".into()), "{shown}: {output:?}");
            assert_eq!(repository.read("limit"), "20\n", "{shown}");
            assert!(!mark.exists(), "{shown}");
        }
    }
}

#[test]
fn attack_01_a_filter_that_comes_while_a_person_thinks_writes_nothing() {
    for more in [&[][..], &["--index"]] {
        let (world, repository) = scene();
        let applying = apply(&world, DIFF, more);
        let id = world.waiting("approver");
        let mark = filter(&world, &repository, b"late");
        world.json("approver", &["approve", &id]);
        let output = applying.output();
        assert_eq!(ended(&output), (0, "approved".into()), "{output:?}");
        assert_eq!(repository.read("limit"), "20\n");
        assert!(!mark.exists());
        if !more.is_empty() {
            assert_eq!(repository.git(&["cat-file", "blob", ":limit"]), "20\n");
        }
    }
}

#[test]
fn attack_01_a_filter_makes_no_other_file_pass_for_the_base() {
    let (world, repository) = scene();
    repository.git(&["config", "core.autocrlf", "true"]);
    std::fs::write(repository.path(".gitattributes"), "* text working-tree-encoding=UTF-16LE\n")
        .unwrap();
    let wide: Vec<u8> = "10\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for other in [&b"10\r\n"[..], &wide] {
        std::fs::write(repository.path("limit"), other).unwrap();
        let output = apply(&world, DIFF, &[]).output();
        assert_eq!(common::error_code(&output), "patch");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("`limit` is not as the base revision holds it"), "{said}");
    }
    // What is as the commit holds it is written as the patch says, whatever the attributes say.
    repository.write("limit", "10\n");
    let applying = apply(&world, DIFF, &[]);
    world.answer("approve");
    assert_eq!(ended(&applying.output()), (0, "approved".into()));
    assert_eq!(repository.read("limit"), "20\n");
}

#[test]
fn an_index_that_holds_something_else_is_asked_of_nobody() {
    let (world, repository) = scene();
    repository.write("limit", "11\n");
    repository.git(&["add", "limit"]);
    repository.write("limit", "10\n");
    let output = apply(&world, DIFF, &["--index"]).output();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("staged otherwise than the base revision holds it"), "{said}");
    assert!(world.json("approver", &["inbox"])["items"].as_array().unwrap().is_empty());
}

/// Files of every kind, in a repository of either format, asked for from a directory in it.
#[test]
fn binaries_links_modes_and_new_files_are_written_in_a_repository_of_each_format() {
    for (format, has_binary) in [("sha1", true), ("sha256", false)] {
        let world = World::paired();
        let dir = world.work();
        std::fs::create_dir_all(&dir).unwrap();
        let init = ["init", "-q", "-b", "main", "--object-format", format];
        let repository = Repository::new(&dir);
        std::fs::remove_dir_all(dir.join(".git")).unwrap();
        repository.git(&init);
        std::fs::create_dir_all(dir.join("sub/deep")).unwrap();
        std::os::unix::fs::symlink("sub", dir.join("link")).unwrap();
        std::fs::write(dir.join("binary"), [0, 1, 2]).unwrap();
        for (name, text) in [("sub/deep/text", "a\r\nb\r\n"), ("tool", "t\n"), ("old", "o\n")] {
            repository.write(name, text);
        }
        repository.git(&["add", "-A"]);
        repository.git(&["commit", "-q", "-m", "all"]);
        std::fs::remove_file(dir.join("link")).unwrap();
        std::os::unix::fs::symlink("sub/deep", dir.join("link")).unwrap();
        super::repository::script(&dir.join("tool"), "t\n");
        repository.write("sub/deep/text", "a\r\nB\r\n");
        repository.write("new", "n\n");
        repository.git(&["mv", "old", "renamed"]);
        if has_binary {
            std::fs::write(dir.join("binary"), [0, 1, 2, 3, 0]).unwrap();
        }
        repository.git(&["add", "-A"]);
        let wanted = repository.git(&["write-tree"]);
        let diff = repository.git(&["diff", "--cached", "--binary", "--full-index", "-M"]);
        repository.git(&["reset", "-q", "--hard"]);
        let patch = world.path("patch.diff");
        std::fs::write(&patch, diff).unwrap();
        let args = ["apply", "--json", "--index", patch.to_str().unwrap()];
        let mut command = world.command("enforcer", &args);
        command.current_dir(dir.join("sub/deep"));
        let applying = common::Process::start(command);
        world.answer("approve");
        let output = applying.output();
        assert_eq!(ended(&output), (0, "approved".into()), "{format}: {output:?}");
        assert_eq!(repository.git(&["write-tree"]), wanted, "{format}: what is staged");
        assert_eq!(repository.git(&["diff", "--name-only"]), "", "{format}: what is written");
    }
}
