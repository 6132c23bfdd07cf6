//! What a process says on standard error, line by line, while it runs.

use crate::common::{PATIENCE, Process};
use std::io::{BufRead as _, BufReader};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The lines so far, and whether there will be more.
#[derive(Clone)]
pub(crate) struct Heard(Arc<Mutex<Vec<String>>>, Arc<AtomicBool>);

impl Heard {
    /// Listens to a process until it has nothing more to say.
    pub(crate) fn of(process: &mut Process) -> Self {
        let heard = Self(Arc::default(), Arc::default());
        let (to, lines) = (heard.clone(), BufReader::new(process.errors()).lines());
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| to.0.lock().unwrap().push(line));
            to.1.store(true, Ordering::SeqCst);
        });
        heard
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Everything that a process said which has ended.
    #[allow(dead_code, reason = "not every test waits for an end")]
    pub(crate) fn to_the_end(&self) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        while !self.1.load(Ordering::SeqCst) {
            assert!(Instant::now() < deadline, "somebody holds standard error open");
            std::thread::sleep(Duration::from_millis(1));
        }
        self.lines()
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
