//! The terminal itself: taken for the screen, and given back as it was, whatever happens.

use super::event::{Event, Key};
use ratatui_core::terminal::Terminal;
use ratatui_crossterm::CrosstermBackend;
use ratatui_crossterm::crossterm::event as term;
use ratatui_crossterm::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui_crossterm::crossterm::{cursor, execute};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, BufWriter, Stdout, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Sender;

/// How soon the reader of keys notices that it is to end.
const NOTICE: Duration = Duration::from_millis(100);

/// A screen on standard output.
pub(super) type Screen = Terminal<CrosstermBackend<BufWriter<Stdout>>>;

/// Holds the terminal until it is dropped.
pub(super) struct Held {
    stopped: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

impl Held {
    /// Takes the terminal. What was typed before is forgotten: it answers nothing.
    pub(super) fn take(events: Sender<Event>) -> io::Result<(Self, Screen)> {
        give_back_on_panic();
        let mut held = Self { stopped: Arc::default(), reader: None };
        enable_raw_mode()?;
        // `Terminal::clear` would ask the terminal where its cursor is, and wait for an answer.
        let clear = Clear(ClearType::All);
        execute!(io::stdout(), EnterAlternateScreen, clear, term::EnableBracketedPaste)?;
        let typed = rustix::termios::QueueSelector::IFlush;
        rustix::termios::tcflush(io::stdin(), typed)?;
        let screen = Terminal::new(CrosstermBackend::new(BufWriter::new(io::stdout())))?;
        let stopped = Arc::clone(&held.stopped);
        held.reader = Some(std::thread::spawn(move || read(&events, &stopped)));
        Ok((held, screen))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Of a terminal that hung up while keys were read the reader never comes back; it ends with
        // this process.
        let patience = Instant::now() + 3 * NOTICE;
        while self.reader.as_ref().is_some_and(|reader| !reader.is_finished())
            && Instant::now() < patience
        {
            std::thread::sleep(NOTICE / 10);
        }
        give_back();
    }
}

/// Everything as it was. Again does no harm.
fn give_back() {
    let mut out = io::stdout();
    let _ = execute!(out, term::DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
    let _ = out.flush();
    let _ = disable_raw_mode();
    // Keys that were meant for the screen are no commands of the shell.
    let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
}

/// The words of a panic are read on the terminal as it was.
fn give_back_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        give_back();
        before(info);
    }));
}

/// Reads keys until it is stopped, or the terminal is gone.
fn read(events: &Sender<Event>, stopped: &AtomicBool) {
    let over = |event| events.blocking_send(event).is_err();
    while !stopped.load(Ordering::Relaxed) {
        if !is_there() {
            over(Event::Key(Key::Interrupt));
            return;
        }
        // A new size is no key, so it is looked at whether there was one or not.
        while let Some(event) = next() {
            if meant(event).is_some_and(over) {
                return;
            }
        }
    }
}

/// Waits a moment for keys, and says whether the terminal is still there. The reader of keys itself
/// would look for more of them for ever where it is not.
fn is_there() -> bool {
    let stdin = io::stdin();
    let mut keys = [PollFd::new(&stdin, PollFlags::IN)];
    // Where it was interrupted it is looked at again.
    let _ = poll(&mut keys, Timespec::try_from(NOTICE).ok().as_ref());
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    keys.iter().all(|keys| !keys.revents().intersects(gone))
}

/// The next thing that came from the terminal; one that cannot be read is over.
fn next() -> Option<term::Event> {
    let read = |is_any| if is_any { term::read().map(Some) } else { Ok(None) };
    let interrupt = || term::KeyEvent::new(term::KeyCode::Char('c'), term::KeyModifiers::CONTROL);
    let event = term::poll(Duration::ZERO).and_then(read);
    event.unwrap_or_else(|_| Some(term::Event::Key(interrupt())))
}

/// What an event of the terminal means here, if anything.
fn meant(event: term::Event) -> Option<Event> {
    match event {
        term::Event::Key(key) => key_of(key).map(Event::Key),
        term::Event::Paste(text) => Some(Event::Paste(text)),
        term::Event::Resize(columns, rows) => Some(Event::Resize { columns, rows }),
        _ => None,
    }
}

fn key_of(key: term::KeyEvent) -> Option<Key> {
    use term::{KeyCode, KeyEventKind, KeyModifiers};
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Some(Key::Interrupt),
            KeyCode::Char('d' | 'f') => Some(Key::PageDown),
            KeyCode::Char('u' | 'b') => Some(Key::PageUp),
            KeyCode::Char('n') => Some(Key::Down),
            KeyCode::Char('p') => Some(Key::Up),
            KeyCode::Char('h') => Some(Key::Backspace),
            KeyCode::Char('j' | 'm') => Some(Key::Enter),
            _ => None,
        };
    }
    if key.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    Some(match key.code {
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Tab => Key::Tab,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        _ => return None,
    })
}
