//! Which files of a workspace are source and prose, and nothing that runs or is obeyed by itself.
//!
//! Everything else stays an edit that people are asked about: hidden files, settings, manifests,
//! what continuous integration runs, scripts, programs without an ending, what agents read as
//! instructions. What is not known is none of source.

/// Endings of source and prose.
const ENDINGS: [&str; 56] = [
    "rs", "ts", "tsx", "js", "jsx", "mjs", "cjs", "mts", "cts", "py", "pyi", "go", "java", "kt",
    "scala", "groovy", "c", "h", "cc", "cpp", "cxx", "hh", "hpp", "m", "mm", "cs", "fs", "swift",
    "rb", "php", "dart", "ex", "erl", "hs", "ml", "mli", "clj", "cljs", "jl", "r", "zig", "nim",
    "vue", "svelte", "astro", "html", "css", "scss", "sass", "less", "sql", "md", "mdx", "rst",
    "txt", "tex",
];
/// Files that run or are obeyed whatever their ending: by name without the last ending.
const OBEYED: [&str; 38] = [
    "build",
    "setup",
    "conftest",
    "noxfile",
    "fabfile",
    "tasks",
    "sitecustomize",
    "usercustomize",
    "gulpfile",
    "gruntfile",
    "cmakelists",
    "package",
    "manifest",
    "claude",
    "claude.local",
    "agents",
    "agents.override",
    "gemini",
    "skill",
    "copilot-instructions",
    "conventions",
    "rules",
    "requirements",
    "constraints",
    "dangerfile",
    "rakefile",
    "podfile",
    "fastfile",
    "brewfile",
    "vagrantfile",
    "jenkinsfile",
    "dockerfile",
    "makefile",
    "tiltfile",
    "project",
    "premake5",
    "xmake",
    "wscript",
];
/// Directories whose files run, or that others wrote.
const RUNS: [&str; 16] = [
    "bin",
    "sbin",
    "scripts",
    "script",
    "hooks",
    "githooks",
    "git-hooks",
    "ci",
    "node_modules",
    "vendor",
    "venv",
    "env",
    "site-packages",
    "dist-packages",
    "target",
    "build-logic",
];
/// Parts of a name between dots that make it a setting: `vite.config.ts`.
const SETTINGS: [&str; 8] =
    ["config", "conf", "gradle", "setup", "rc", "init", "workspace", "main"];

/// Whether a path below a workspace's root is source or prose.
pub(super) fn is(parts: &[&str]) -> bool {
    let Some((name, directories)) = parts.split_last() else { return false };
    let name = name.to_ascii_lowercase();
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    let plain = |part: &str| !part.starts_with('.') && part.chars().all(is_plain);
    let known = ENDINGS.contains(&ending) && !stem.is_empty();
    let obeyed = OBEYED.contains(&stem)
        || stem.split(['.', '-', '_']).any(|part| part == "requirements" || part == "webpack")
        || stem.split('.').skip(1).any(|part| SETTINGS.contains(&part));
    let runs = directories.iter().any(|part| {
        let part = part.to_ascii_lowercase();
        RUNS.contains(&part.as_str())
    });
    known && !obeyed && !runs && plain(&name) && directories.iter().all(|part| plain(part))
}

/// Letters, figures and the few signs that names are made of, so that nothing looks like another.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || " _-.+@()[]$,&'".contains(c)
}
