//! One output copied by itself, with both ends in the test's hands.

use super::*;
use countersign_core::encoding::Hash;
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};

/// An output that is copied: where to write, what to close, and how it ends.
struct Copied {
    copying: Copying,
    writer: PipeWriter,
    stop: PipeWriter,
}

fn copied_to(to: impl Into<OwnedFd>) -> Copied {
    let ((from, writer), (stopped, stop)) = (pipe().unwrap(), pipe().unwrap());
    Copied { copying: Copying::begin("test", from, to.into(), stopped).unwrap(), writer, stop }
}

impl Copying {
    fn digest(self) -> OutputDigest {
        let _ended = self.done.blocking_recv();
        copy::locked(&self.tally).digest()
    }
}

fn digest(bytes: &[u8], cut: bool) -> OutputDigest {
    OutputDigest { bytes: bytes.len() as u64, sha256: Hash::of(bytes), cut }
}

#[test]
fn every_byte_is_passed_on_and_hashed() {
    let bytes: Vec<u8> = (0..300_000u32).map(|n| (n % 251) as u8).collect();
    let mut file = tempfile::tempfile().unwrap();
    let Copied { copying, mut writer, stop: _stop } = copied_to(file.try_clone().unwrap());
    writer.write_all(&bytes).unwrap();
    drop(writer);
    assert_eq!(copying.digest(), digest(&bytes, false));
    let mut found = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut found).unwrap();
    assert!(found == bytes);
}

#[test]
fn a_stop_takes_what_is_there_and_says_that_more_may_come() {
    let Copied { copying, mut writer, stop } = copied_to(tempfile::tempfile().unwrap());
    writer.write_all(b"early").unwrap();
    drop(stop);
    assert_eq!(copying.digest(), digest(b"early", true));
    let late = writer.write_all(b"late").unwrap_err();
    assert_eq!(late.kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn a_stop_after_the_end_is_no_cut() {
    let (slow, to) = pipe().unwrap();
    let Copied { copying, mut writer, stop } = copied_to(to);
    // The copier waits for its reader with the first part in its hands, the second in the pipe.
    let bytes = vec![7; 100_000];
    writer.write_all(&bytes).unwrap();
    drop((writer, stop));
    let mut found = Vec::new();
    { slow }.read_to_end(&mut found).unwrap();
    assert_eq!(copying.digest(), digest(&bytes, false));
    assert!(found == bytes);
}

#[test]
fn a_reader_that_goes_away_closes_the_pipe_though_nothing_was_written() {
    let (reader, to) = pipe().unwrap();
    let Copied { copying, mut writer, stop: _stop } = copied_to(to);
    drop(reader);
    assert_eq!(copying.digest(), digest(b"", true));
    let first = writer.write_all(b"nobody reads it").unwrap_err();
    assert_eq!(first.kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn a_full_disk_cuts_the_digest_and_closes_the_pipe() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let Copied { copying, mut writer, stop: _stop } = copied_to(full);
    writer.write_all(b"hi").unwrap();
    assert_eq!(copying.digest(), digest(b"", true));
    assert_eq!(writer.write_all(b"hi").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn a_descriptor_that_does_not_wait_loses_nothing() {
    let (mut reader, to) = pipe().unwrap();
    rustix::io::ioctl_fionbio(&to, true).unwrap();
    let Copied { copying, mut writer, stop: _stop } = copied_to(to);
    let bytes = vec![9; 400_000];
    let sent = bytes.clone();
    let writing = std::thread::spawn(move || writer.write_all(&sent).unwrap());
    let mut found = Vec::new();
    reader.read_to_end(&mut found).unwrap();
    writing.join().unwrap();
    assert!(found == bytes);
    assert_eq!(copying.digest(), digest(&bytes, false));
}
