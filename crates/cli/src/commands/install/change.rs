//! A file that is changed: what it was, what it is to be, and back.
//!
//! It is written beside its place and moved there, with the mode and the owner that it had; a
//! symbolic link stays one, and what it leads to is changed.

use super::place::shown;
use crate::failure::{Exit, Failure};
use countersign_store::files::{self, Links};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// No file of settings is longer.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// A file as it was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// As it is named.
    pub(crate) named: PathBuf,
    /// What the name leads to.
    pub(crate) real: PathBuf,
    /// What is in it, where it is there.
    pub(crate) text: Option<String>,
}

impl Found {
    /// Looks at a file that can be changed.
    pub(crate) fn at(named: &Path) -> Result<Self, Failure> {
        let named = named.to_owned();
        let real = match named.canonicalize() {
            Ok(real) => real,
            Err(e) if e.kind() == ErrorKind::NotFound => {
                if named.symlink_metadata().is_ok() {
                    let why = "it is a symbolic link to nothing";
                    return Err(
                        refused("read", &named, why).hint("make what it leads to, or remove it")
                    );
                }
                return Ok(Self { real: named.clone(), named, text: None });
            }
            Err(e) => return Err(refused("read", &named, &e.to_string())),
        };
        let text = Some(read(&real)?);
        Ok(Self { named, real, text })
    }

    /// Whether the file is still what it was when it was looked at.
    pub(crate) fn stands(&self) -> Result<(), Failure> {
        let now = Self::at(&self.named)?;
        if now.real == self.real && now.text == self.text {
            return Ok(());
        }
        let message = format!("`{}` was changed meanwhile", shown(&self.named));
        Err(Failure::new(Exit::Failed, "settings", message).hint("nothing was written; try again"))
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let file = files::open(path, Links::Followed);
    let file = file.map_err(|e| refused("read", path, &e.to_string()))?;
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| refused("read", path, &e.to_string()))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(refused("read", path, "it is larger than 4 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| refused("read", path, "it is no UTF-8"))
}

/// A change that is to be made.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) found: Found,
    /// What is to be in it; `None` is a file that is to go.
    pub(crate) after: Option<String>,
    /// The mode of a file that is made.
    pub(crate) mode: u32,
}

impl Change {
    pub(crate) fn is_one(&self) -> bool {
        self.found.text != self.after
    }

    /// The change as lines with `+` and `-`.
    pub(crate) fn diff(&self) -> String {
        let (old, new) = (self.found.text.as_deref(), self.after.as_deref());
        let name = shown(&self.found.named);
        let side =
            |text: Option<&str>| if text.is_some() { name.clone() } else { "/dev/null".into() };
        similar::TextDiff::from_lines(old.unwrap_or_default(), new.unwrap_or_default())
            .unified_diff()
            .context_radius(3)
            .header(&side(old), &side(new))
            .to_string()
    }

    /// Whether the file can be written, before anything is.
    pub(crate) fn possible(&self) -> Result<(), Failure> {
        if !self.is_one() {
            return Ok(());
        }
        let real = &self.found.real;
        if let Ok(meta) = std::fs::metadata(real)
            && read_only(&meta)
        {
            return Err(refused("write", real, "it is read-only"));
        }
        let dir = real.ancestors().skip(1).find(|dir| dir.exists()).unwrap_or(Path::new("/"));
        let meta = std::fs::metadata(dir).map_err(|e| refused("write", dir, &e.to_string()))?;
        match (meta.is_dir(), read_only(&meta)) {
            (false, _) => Err(refused("write", dir, "it is no directory")),
            (_, true) => Err(refused("write", dir, "the directory is read-only")),
            _ => Ok(()),
        }
    }

    /// Makes it, and says which directories had to be made, from above.
    pub(crate) fn make(&self) -> Result<Vec<PathBuf>, Failure> {
        self.found.stands()?;
        let real = &self.found.real;
        let Some(text) = &self.after else {
            std::fs::remove_file(real).map_err(|e| refused("remove", real, &e.to_string()))?;
            return Ok(Vec::new());
        };
        let made = make_dirs(real)?;
        if let Err(error) = put(real, text, self.mode) {
            remove_dirs(&made);
            return Err(refused("write", real, &error.to_string()));
        }
        Ok(made)
    }

    /// Takes it back, where the file is still what was written.
    pub(crate) fn undo(&self, made: &[PathBuf]) -> Result<(), Failure> {
        let found = Found { text: self.after.clone(), ..self.found.clone() };
        if self.is_one() {
            Self { found, after: self.found.text.clone(), mode: self.mode }.make()?;
        }
        remove_dirs(made);
        Ok(())
    }
}

/// Root may write to what nobody may; a person who marked a file so did not want that.
fn read_only(meta: &Metadata) -> bool {
    meta.permissions().mode() & 0o222 == 0
}

fn make_dirs(file: &Path) -> Result<Vec<PathBuf>, Failure> {
    let dir = file.parent().unwrap_or(Path::new("/"));
    let mut missing: Vec<&Path> = dir.ancestors().take_while(|dir| !dir.exists()).collect();
    missing.reverse();
    let mut made = Vec::new();
    for dir in missing {
        if let Err(error) = std::fs::create_dir(dir) {
            remove_dirs(&made);
            return Err(refused("create", dir, &error.to_string()));
        }
        made.push(dir.to_owned());
    }
    Ok(made)
}

/// Removes directories that were made, where they are empty again.
pub(crate) fn remove_dirs(made: &[PathBuf]) {
    for dir in made.iter().rev() {
        // One in which something stands by now stays.
        let _ = std::fs::remove_dir(dir);
    }
}

fn put(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temp = path.with_file_name(format!(".{name}.countersign.{}.tmp", std::process::id()));
    let done = fill(&temp, path, text, mode).and_then(|()| std::fs::rename(&temp, path));
    if done.is_err() {
        let _ = std::fs::remove_file(&temp);
    }
    done.and_then(|()| File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all())
}

fn fill(temp: &Path, path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(temp)?;
    if let Ok(old) = std::fs::metadata(path) {
        let new = file.metadata()?;
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            fchown(&file, Some(old.uid()), Some(old.gid()))?;
        }
        file.set_permissions(old.permissions())?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn refused(doing: &str, path: &Path, why: &str) -> Failure {
    Failure::new(Exit::Failed, "settings", format!("cannot {doing} `{}`: {why}", shown(path)))
        .hint("nothing was changed")
}
