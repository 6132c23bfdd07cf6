//! Paths that a program opens, and where programs may stand.

use super::Judge;
use crate::classify::path::{self, Area, Use};
use crate::classify::shell::{GLOB, UNKNOWN};
use crate::facts::Place;
use countersign_core::artifact::Risk;

/// Where only administrators put programs.
const TRUSTED: [&str; 9] = [
    "/bin",
    "/sbin",
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/opt/homebrew/bin",
    "/snap/bin",
    "/run/current-system/sw/bin",
];

/// What is said of one path.
struct Said {
    risk: Risk,
    why: &'static str,
    protected: bool,
    unreadable: bool,
}

impl Said {
    fn weight(&self) -> (bool, Risk, bool) {
        (self.protected, self.risk, self.unreadable)
    }
}

impl Judge<'_> {
    /// Judges a path by what is done with it, from every directory where it may begin.
    pub(in crate::classify) fn opened(&mut self, text: &str, usage: Use) {
        let text = text.strip_prefix("file://").unwrap_or(text);
        if text.is_empty() || text == "-" {
            return;
        }
        self.paths += 1;
        if text.len() > super::MAX_PATH || self.paths > super::MAX_PATHS {
            if self.paths <= super::MAX_PATHS + 1 {
                self.report
                    .unreadable(text, "it names too many paths, or too long ones, to be read");
            }
            return;
        }
        if let Some(host) =
            text.strip_prefix("/dev/tcp/").or_else(|| text.strip_prefix("/dev/udp/"))
        {
            let host = host.split('/').next().unwrap_or(host).to_owned();
            self.report.host(&host);
            self.report.find(text, "it sends to a host", "data_export", Risk::High);
            return;
        }
        let said =
            self.cwds.iter().map(|cwd| self.worst(cwd, text, usage)).max_by_key(Said::weight);
        let Some(said) = said else { return };
        let verb = match usage {
            Use::Read => "file_read",
            Use::Write => "file_write",
            Use::Delete => "delete",
        };
        if said.protected {
            self.report.protected(text, said.why, verb);
        } else if said.risk > Risk::Low || usage == Use::Read {
            self.report.find(text, said.why, verb, said.risk);
        }
        if said.unreadable {
            self.report.doubtful();
        }
        let lower = text.to_ascii_lowercase();
        let rights = [
            "/.ssh",
            "sudoers",
            "/etc/passwd",
            "/etc/shadow",
            "/etc/group",
            "/etc/pam.d",
            "authorized_keys",
        ];
        if usage == Use::Write && rights.iter().any(|name| lower.contains(name)) {
            self.report.find(
                text,
                "who may do what stands there",
                "account_change",
                Risk::Critical,
            );
        }
    }

    /// What is said of a path as it is named, or as links lead it, whichever is worse.
    fn worst(&self, cwd: &str, text: &str, usage: Use) -> Said {
        let parts = path::components(cwd, text);
        let named = self.said(&parts, usage);
        let known = !parts.iter().any(|part| part.contains([UNKNOWN, GLOB]));
        let Some(real) = known.then(|| self.led(&parts, usage)).flatten() else { return named };
        let led = self.said(&path::components("", &real), usage);
        if led.weight() > named.weight() { led } else { named }
    }

    /// Where links lead it. Who deletes a link deletes no more than that.
    fn led(&self, parts: &[&str], usage: Use) -> Option<String> {
        let leads = self.place.links.0;
        match (usage, parts.split_last()) {
            (Use::Delete, Some((name, above))) => {
                leads(&format!("/{}", above.join("/"))).map(|above| format!("{above}/{name}"))
            }
            _ => leads(&format!("/{}", parts.join("/"))),
        }
    }

    fn said(&self, parts: &[&str], usage: Use) -> Said {
        let home = self.place.user_home.as_deref();
        let own = &self.place.own_state;
        let area = path::area(parts, home, self.place.workspace.as_deref(), own);
        let secret = path::is_hidden(parts, area);
        let unknown = parts.iter().any(|part| part.contains(UNKNOWN));
        let process = parts.first() == Some(&"proc");
        match usage {
            Use::Read => self.read(area, parts, unknown, secret),
            Use::Write | Use::Delete => {
                let gone =
                    usage == Use::Delete && path::holds(parts, own) || path::is_repository(parts);
                let area = if gone { Area::Protected } else { area };
                let said =
                    if usage == Use::Write { written(area, secret) } else { deleted(area, secret) };
                Said { unreadable: (unknown || process) && area != Area::Nowhere, ..said }
            }
        }
    }

    fn read(&self, area: Area, parts: &[&str], unknown: bool, secret: bool) -> Said {
        let home = self.place.user_home.as_deref().map(|home| path::components("", home));
        let whole = home.is_some_and(|home| home.starts_with(parts))
            || parts.len() < 2 && area == Area::System;
        let ours =
            self.place.own_state.iter().any(|own| parts.starts_with(&path::components("", own)));
        match area {
            Area::Nowhere => said(Risk::Low, "it reads a device"),
            _ if unknown => said(Risk::High, "which file it reads is not known"),
            _ if secret => said(Risk::High, "it reads secrets"),
            _ if whole => said(Risk::High, "it reads all files of a person or of the system"),
            _ if ours => said(Risk::High, "it reads the gate's own state"),
            Area::Hidden | Area::Protected => said(Risk::Medium, "it reads settings"),
            _ => said(Risk::Low, "it reads files"),
        }
    }
}

fn said(risk: Risk, why: &'static str) -> Said {
    Said { risk, why, protected: false, unreadable: false }
}

fn written(area: Area, secret: bool) -> Said {
    match area {
        Area::Nowhere => said(Risk::Low, "it writes to nowhere"),
        Area::Protected => {
            Said { protected: true, ..said(Risk::Critical, "it writes what holds the gate") }
        }
        _ if secret => said(Risk::Critical, "it writes where secrets are kept"),
        Area::Temporary | Area::Workspace | Area::Root => said(Risk::Medium, "it writes files"),
        Area::Elsewhere => said(Risk::High, "it writes files outside the workspace"),
        Area::Doubtful => said(Risk::High, "which file it writes is not known"),
        Area::Hidden => said(Risk::Critical, "it writes what programs of the person obey"),
        Area::System => said(Risk::Critical, "it writes to the system, or nobody knows where"),
    }
}

fn deleted(area: Area, secret: bool) -> Said {
    match area {
        Area::Protected => {
            Said { protected: true, ..said(Risk::Critical, "it deletes what holds the gate") }
        }
        _ if secret => said(Risk::Critical, "it deletes secrets"),
        Area::Nowhere | Area::Temporary | Area::Workspace | Area::Elsewhere => {
            said(Risk::High, "it deletes files")
        }
        Area::Root => {
            said(Risk::Critical, "it deletes a whole workspace, or all that is temporary")
        }
        Area::Doubtful => said(Risk::Critical, "what it deletes is not known"),
        Area::Hidden => said(Risk::Critical, "it deletes what programs of the person remember"),
        Area::System => said(Risk::Critical, "it deletes a home, the system, or nobody knows what"),
    }
}

/// `*.{a,b}` is `*.a` and `*.b`. Where there are many, the braces stand for anything.
fn alternatives(pattern: &str) -> Vec<String> {
    let mut all = vec![pattern.to_owned()];
    for _ in 0..4 {
        let split = |pattern: &String| {
            let (before, rest) = pattern.split_once('{')?;
            let (inside, after) =
                rest.split_once('}').filter(|(inside, _)| !inside.contains('{'))?;
            let each = inside.split(',').map(|one| format!("{before}{one}{after}"));
            Some(each.collect::<Vec<String>>())
        };
        let more: Vec<String> =
            all.iter().flat_map(|one| split(one).unwrap_or_else(|| vec![one.clone()])).collect();
        if more.len() > 32 {
            break;
        }
        all = more;
    }
    all
}

/// A pattern for names of files, with a mark for each part that stands for others.
fn globbed(pattern: &str) -> String {
    let mut text = String::new();
    let mut depth = 0_u32;
    for c in pattern.chars() {
        match c {
            '{' | '[' => depth = depth.saturating_add(1),
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let stands = depth > 0 || matches!(c, '*' | '?' | '}' | ']' | '\\' | '!');
        match (stands, text.ends_with(GLOB)) {
            (true, true) => {}
            (true, false) => text.push(GLOB),
            (false, _) => text.push(c),
        }
    }
    text
}

/// Whether only administrators put programs where this one stands.
pub(super) fn is_trusted(path: &str) -> bool {
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    TRUSTED.contains(&directory)
        || directory.starts_with("/nix/store/") && !directory.contains("..")
}

/// Whether programs may be looked for in this directory: absolute, and no place where whoever asks
/// writes.
pub(super) fn is_search(directory: &str, place: &Place) -> bool {
    let parts = path::components("", directory);
    let below = |above: &str| parts.starts_with(&path::components("", above));
    let temporary = ["/tmp", "/var/tmp", "/dev/shm"].into_iter().any(below);
    directory.starts_with('/') && !temporary && !place.workspace.as_deref().is_some_and(below)
}

impl Judge<'_> {
    /// Whether it would be critical that this path were gone.
    pub(super) fn matters(&self, text: &str) -> bool {
        let full = text.len() > super::MAX_PATH || self.paths > super::MAX_PATHS;
        full || self.cwds.iter().any(|cwd| {
            let said = self.worst(cwd, text, Use::Delete);
            said.risk == Risk::Critical
        })
    }
}

impl Judge<'_> {
    /// A directory below which everything is changed: nothing of ours may be there. Of the workspace
    /// itself that is for the paths that are named to say, since it always has a place for us.
    pub(super) fn below(&mut self, text: &str) {
        let workspace = self.place.workspace.as_deref().map(|place| path::components("", place));
        let holds = |cwd: &String| {
            let parts = path::components(cwd, text);
            let inside = workspace.as_deref().is_some_and(|place| parts.starts_with(place));
            !inside && path::holds(&parts, &self.place.own_state)
        };
        let full = text.len() > super::MAX_PATH || self.paths > super::MAX_PATHS;
        if !full && self.cwds.iter().any(holds) {
            let why = "it changes all of a directory in which the gate has its place";
            self.report.protected(text, why, "file_write");
        }
    }

    /// An argument of a program that may do anything with it: no path that holds the gate.
    pub(super) fn guarded(&mut self, text: &str) {
        if text.starts_with("--dangerously-") || text == "--yolo" {
            self.report.protected(text, "it may start an agent past the gate", "shell_exec.agent");
        }
        let path = text.split_once('=').map_or(text, |(_, path)| path);
        self.paths += 1;
        let full = path.len() > super::MAX_PATH || self.paths > super::MAX_PATHS;
        let holds = |cwd: &String| self.worst(cwd, path, Use::Write).protected;
        if !full && !path.is_empty() && self.cwds.iter().any(holds) {
            self.report.protected(text, "it may change what holds the gate", "file_write");
        }
    }

    /// A file that a host's own editor changes. Source of the workspace is apart: `source` says of
    /// the components below its root whether it is.
    pub(in crate::classify) fn edited(&mut self, text: &str, source: fn(&[&str]) -> bool) {
        let path = self.at_home(text);
        let workspace = self.place.workspace.as_deref().map(|place| path::components("", place));
        let is = |cwd: &String| {
            let parts = path::components(cwd, &path);
            let below = workspace.as_deref().and_then(|workspace| parts.strip_prefix(workspace));
            let known = self.worst(cwd, &path, Use::Write);
            below.is_some_and(source) && known.risk <= Risk::Medium && !known.unreadable
        };
        let plain = self.paths < super::MAX_PATHS && path.len() <= super::MAX_PATH;
        if plain && !path.is_empty() && self.cwds.iter().all(is) {
            self.paths += 1;
            let why = "it edits source of the workspace";
            self.report.find(text, why, "file_write.source", Risk::Medium);
        } else {
            self.opened(&path, Use::Write);
            // What is nowhere is no source either.
            self.report.find(text, "it edits a file", "file_write", Risk::Medium);
        }
    }

    /// A search below a place, in files whose names fit a pattern.
    pub(in crate::classify) fn searched(&mut self, place: &str, pattern: Option<&str>) {
        let place = self.at_home(place);
        self.opened(&place, Use::Read);
        for pattern in pattern.map(alternatives).unwrap_or_default() {
            self.fitting(&place, &pattern);
        }
    }

    fn fitting(&mut self, place: &str, pattern: &str) {
        if pattern.contains(['{', '}']) {
            // Braces within braces, or too many.
            return self.opened("\0", Use::Read);
        }
        // Any directory is no other than that which is searched.
        let any = |part: &&str| part.is_empty() || part.chars().any(|c| c != '*');
        let parts: Vec<&str> = pattern.split('/').filter(any).collect();
        let pattern = self.at_home(&globbed(&parts.join("/")));
        let pattern = if pattern.starts_with(['/', UNKNOWN]) {
            pattern
        } else {
            format!("{place}/{pattern}")
        };
        self.opened(&pattern, Use::Read);
        // Whether a star stands for a dot as well is for the tool to say: `*.env`.
        if let Some((before, last)) = pattern.rsplit_once('/') {
            let last = last.trim_start_matches(GLOB);
            if !last.is_empty() {
                self.opened(&format!("{before}/{last}"), Use::Read);
            }
        }
    }

    /// A file that a patch writes.
    pub(in crate::classify) fn written(&mut self, text: &str) {
        let path = self.at_home(text);
        self.opened(&path, Use::Write);
    }

    /// How dangerous it is to write here.
    pub(in crate::classify) fn write_risk(&self, text: &str) -> Risk {
        if text.len() > super::MAX_PATH {
            return Risk::Critical;
        }
        let said = self.cwds.iter().map(|cwd| self.worst(cwd, text, Use::Write));
        said.map(|said| if said.unreadable { Risk::Critical } else { said.risk })
            .max()
            .unwrap_or(Risk::Critical)
    }

    /// A path that a tool may take for one below the person's home.
    pub(in crate::classify) fn at_home(&self, text: &str) -> String {
        let rest = ["~", "$HOME", "${HOME}"].iter().find_map(|home| text.strip_prefix(home));
        let home = self.place.user_home.as_deref().unwrap_or("\0");
        match rest {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{home}{rest}"),
            Some(rest) => format!("\0{rest}"),
            None => text.to_owned(),
        }
    }
}
