//! Reads the sources and manifests of the workspace.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder that holds the workspace.
pub(super) fn root() -> PathBuf {
    let core = Path::new(env!("CARGO_MANIFEST_DIR"));
    core.ancestors().nth(2).expect("the core lies two folders deep").to_owned()
}

/// A file of the workspace as text.
pub(super) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect(path)
}

/// All of the workspace.
pub(super) fn tree() -> Tree {
    Tree { folder: String::new() }
}

/// A folder of the workspace and all below it, but for what is generated or fetched.
pub(super) struct Tree {
    folder: String,
}

/// A file; its path begins at the root of the workspace.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
}

impl Tree {
    pub(super) fn of(folder: &str) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Every Rust file, in order of path.
    pub(super) fn sources(&self) -> Vec<Source> {
        self.files(&["rs"])
    }

    /// The same, with the documents.
    pub(super) fn texts(&self) -> Vec<Source> {
        self.files(&["rs", "md"])
    }

    fn files(&self, extensions: &[&str]) -> Vec<Source> {
        let mut paths = BTreeSet::new();
        collect(&root().join(&self.folder), extensions, &mut paths);
        paths.into_iter().map(|path| Source { text: read(&path), path }).collect()
    }

    /// The folders right below one, that hold a package.
    pub(super) fn folders_under(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(root().join(folder)).expect("the folder is there");
        let entries = entries.filter_map(Result::ok).filter(|entry| entry.path().join("Cargo.toml").exists());
        entries.map(|entry| format!("{folder}/{}", entry.file_name().to_string_lossy())).collect()
    }

    /// The name of the package in a folder.
    pub(super) fn package(&self, folder: &str) -> String {
        let manifest = read(&format!("{folder}/Cargo.toml"));
        let name = manifest.lines().find_map(|line| line.strip_prefix("name = "));
        name.expect("a package has a name").trim_matches('"').to_owned()
    }

    /// What the package in a folder names in a section, and in the same section of any target.
    pub(super) fn dependencies(&self, folder: &str, section: &str) -> Vec<String> {
        let manifest = read(&format!("{folder}/Cargo.toml"));
        let mut within = false;
        let mut names = Vec::new();
        for line in manifest.lines().map(str::trim) {
            if let Some(header) = line.strip_prefix('[') {
                let header = header.trim_end_matches(']');
                within = header == section || header.ends_with(&format!(".{section}"));
                names.extend(header.split_once(&format!("{section}.")).map(|(_, name)| name.to_owned()));
            } else if within && !line.is_empty() && !line.starts_with('#') {
                names.extend(line.split(['.', ' ', '=']).next().map(|name| name.trim_matches('"').to_owned()));
            }
        }
        names
    }
}

fn collect(folder: &Path, extensions: &[&str], paths: &mut BTreeSet<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
            collect(&path, extensions, paths);
        } else if extensions.iter().any(|wanted| path.extension().is_some_and(|extension| extension == *wanted)) {
            let path = path.strip_prefix(root()).expect("it lies within the workspace");
            paths.insert(path.to_string_lossy().into_owned());
        }
    }
}

impl Source {
    /// Lines that are no comment and contain one of these, as `path:line: text`.
    pub(super) fn code_with(&self, words: &[&str]) -> Vec<String> {
        let lines = self.text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        let code = lines.filter(|(_, line)| !line.starts_with("//"));
        let found = code.filter(|(_, line)| words.iter().any(|word| line.contains(word)));
        found.map(|(at, line)| format!("{}:{at}: {line}", self.path)).collect()
    }

    /// The words that functions called `code`, or `…_code`, return, and those that stand beside a status.
    pub(super) fn error_codes(&self) -> Vec<String> {
        let mut end_of_function = None;
        let mut codes = [self.quoted_after("new(StatusCode::"), self.quoted_after("not_found(")].concat();
        for line in self.text.lines() {
            match &end_of_function {
                None if line.contains("fn code(") || (line.contains("fn ") && line.contains("_code(")) => {
                    let indent = line.len() - line.trim_start().len();
                    end_of_function = Some(format!("{}}}", " ".repeat(indent)));
                }
                Some(end) if line == end => end_of_function = None,
                Some(_) => codes.extend(quoted(line)),
                None => {}
            }
        }
        codes.retain(|code| code.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
        codes
    }

    /// The first text in quotes behind each mark, if the expression has one.
    pub(super) fn quoted_after(&self, mark: &str) -> Vec<String> {
        let behind = self.text.split(mark).skip(1);
        let expressions = behind.filter_map(|text| text.split([';', '{']).next());
        expressions.filter_map(|text| quoted(text).into_iter().next()).collect()
    }
}

/// The texts between quotes.
fn quoted(text: &str) -> Vec<String> {
    text.split('"').skip(1).step_by(2).filter(|text| !text.is_empty()).map(str::to_owned).collect()
}
