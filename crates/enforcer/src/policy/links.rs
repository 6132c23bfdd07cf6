//! Where a path leads, with the links of this disk.

use std::path::{Path, PathBuf};

/// More links one after the other than any system follows.
const MOST: u8 = 40;

/// The path without links, where that is another one. What is not there yet stands where its
/// directory stands, also behind a link that leads to nothing: who writes there makes it.
///
/// A path that turns in circles leads to the root, where nobody writes unasked.
pub(crate) fn leads(path: &str) -> Option<String> {
    let real = real(Path::new(path), MOST);
    (real != Path::new(path)).then(|| real.to_string_lossy().into_owned())
}

fn real(path: &Path, left: u8) -> PathBuf {
    if left == 0 {
        return PathBuf::from("/");
    }
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
        return path.to_owned();
    };
    match path.read_link() {
        Ok(target) => real(&real(above, left - 1).join(target), left - 1),
        Err(_) => real(above, left).join(name),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn attack_11_a_path_leads_where_its_links_lead() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let text = |name: &str| root.join(name).display().to_string();
        std::fs::create_dir(root.join("real")).unwrap();
        std::fs::write(root.join("real/file"), "").unwrap();
        symlink("real", root.join("dir")).unwrap();
        symlink("dir/file", root.join("twice")).unwrap();
        symlink("real/new", root.join("dangling")).unwrap();
        symlink("circle", root.join("circle")).unwrap();
        for (named, led) in [
            ("dir/file", Some("real/file")),
            ("dir/new/below", Some("real/new/below")),
            ("twice", Some("real/file")),
            ("dangling", Some("real/new")),
            ("real/file", None),
            ("real/new/below", None),
        ] {
            assert_eq!(leads(&text(named)), led.map(text), "{named}");
        }
        assert_eq!(leads(&text("circle")).as_deref(), Some("/"));
    }
}
