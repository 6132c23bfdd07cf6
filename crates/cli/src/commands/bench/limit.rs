//! What the machine could do at best.

use super::failed;
use super::samples::{millis, per_second};
use crate::failure::Failure;
use countersign_core::encoding::Fixed;
use countersign_core::keys::{Domain, SecretKeys, verify_domain};
use countersign_store_sqlite::BareTable;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::task::spawn_blocking;

/// A file to which lines are added, each one on the disk before the next.
pub(super) struct Appends {
    path: PathBuf,
    line: Vec<u8>,
}

impl Appends {
    pub(super) fn new(path: PathBuf, line: Vec<u8>) -> Self {
        Self { path, line }
    }

    /// The milliseconds of each of `count` synced appends, one at a time.
    pub(super) async fn round(&self, count: usize) -> Result<Vec<f64>, Failure> {
        let (path, line) = (self.path.clone(), self.line.clone());
        let round = move || -> std::io::Result<Vec<f64>> {
            let mut file = open(&path)?;
            (0..count)
                .map(|_| {
                    let began = Instant::now();
                    file.write_all(&line)?;
                    file.sync_data()?;
                    Ok(millis(began))
                })
                .collect()
        };
        spawn_blocking(round).await.map_err(failed)?.map_err(failed)
    }

    /// Appends each of which holds `together` lines, for as long as `slice`: lines in a second.
    pub(super) async fn grouped(&self, together: usize, slice: Duration) -> Result<f64, Failure> {
        let group = Self::new(self.path.clone(), self.line.repeat(together));
        let (began, mut count) = (Instant::now(), 0);
        while began.elapsed() < slice {
            count += group.round(8).await?.len();
        }
        Ok(per_second(count * together, began.elapsed()))
    }
}

/// A database of one table, into which lines are written and nothing else.
pub(super) struct Inserts {
    path: PathBuf,
    line: String,
}

impl Inserts {
    pub(super) fn new(path: PathBuf, line: String) -> Self {
        Self { path, line }
    }

    /// Commits each of which holds `together` lines, for as long as `slice`: lines in a second.
    pub(super) async fn grouped(&self, together: usize, slice: Duration) -> Result<f64, Failure> {
        let (path, line) = (self.path.clone(), self.line.clone());
        let round = move || {
            let table = BareTable::open(&path)?;
            let (began, mut count) = (Instant::now(), 0);
            while began.elapsed() < slice {
                table.commit(&line, together)?;
                count += together;
            }
            Ok::<_, Failure>(per_second(count, began.elapsed()))
        };
        spawn_blocking(round).await.map_err(failed)?
    }
}

pub(super) fn open(path: &Path) -> std::io::Result<File> {
    File::options().create(true).append(true).open(path)
}

/// As long as a Decision without its signature.
const TEXT: usize = 480;

/// Bare signatures in a second, on one core. What is signed is as long as a Decision, and costs
/// nothing to write down.
pub(super) async fn signatures(slice: Duration) -> Result<f64, Failure> {
    let keys = SecretKeys::from_bytes(&[7; 64]).map_err(failed)?;
    let text = "x".repeat(TEXT);
    repeat(slice, move || keys.sign(Domain::Auth, &text).is_ok()).await
}

/// Bare strict verifications in a second on one core, all of one key.
pub(super) async fn verifications(slice: Duration) -> Result<f64, Failure> {
    let keys = SecretKeys::from_bytes(&[7; 64]).map_err(failed)?;
    let text = "x".repeat(TEXT);
    let Fixed(signature) = keys.sign(Domain::Auth, &text).map_err(failed)?;
    let public = keys.public().signing();
    let verify = move || verify_domain(&public, Domain::Auth, &text, &Fixed(signature)).is_ok();
    repeat(slice, verify).await
}

/// Does something on one core for as long as `slice`: times in a second.
pub(super) async fn repeat(
    slice: Duration,
    mut once: impl FnMut() -> bool + Send + 'static,
) -> Result<f64, Failure> {
    let run = move || {
        let (began, mut count) = (Instant::now(), 0);
        while began.elapsed() < slice {
            for _ in 0..16 {
                if !once() {
                    return Err(failed("what is measured failed"));
                }
            }
            count += 16;
        }
        Ok(per_second(count, began.elapsed()))
    };
    spawn_blocking(run).await.map_err(failed)?
}
