//! What a process says on standard error, line by line, while it runs.

use crate::common::{PATIENCE, Process};
use std::io::{BufRead as _, BufReader};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The lines so far.
#[derive(Clone)]
pub(crate) struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    /// Listens to a process until it has nothing more to say.
    pub(crate) fn of(process: &mut Process) -> Self {
        let heard = Self(Arc::default());
        let (to, lines) = (heard.clone(), BufReader::new(process.errors()).lines());
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| to.0.lock().unwrap().push(line));
        });
        heard
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Waits until a line holds `words`; returns everything so far.
    pub(crate) fn until(&self, words: &str) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let lines = self.lines();
            if lines.iter().any(|line| line.contains(words)) {
                return lines;
            }
            assert!(Instant::now() < deadline, "nobody said `{words}`: {lines:#?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
