//! A collector, and what it received.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use ticketing_conformance::sample::free_address;

use crate::market::{eventually, unique};

/// Ends the collector once its standard input is closed, which the system does when the tests end.
const WITH_US: &str = r#""$@" & collector=$!; cat >/dev/null; kill -TERM $collector; wait $collector"#;

/// A collector that writes down what it receives.
pub(super) struct Collector {
    process: Child,
    folder: PathBuf,
    endpoint: String,
}

/// A span, as far as tests look.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) service: String,
    pub(super) name: String,
    pub(super) trace: String,
    pub(super) parent: String,
    /// The traces of the spans that it is linked to.
    pub(super) links: Vec<String>,
    id: String,
    attributes: Vec<Value>,
}

/// The spans of one trace.
pub(super) struct Trace(Vec<Span>);

impl Collector {
    /// Starts one; `None` where none is built, which is told.
    #[expect(clippy::print_stderr, reason = "it shows what was tested")]
    pub(super) async fn start() -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/collector.sh");
        let found = Command::new(script).arg("find").output().expect("deploy/collector.sh runs");
        if !found.status.success() {
            let missing = "no collector is built (deploy/collector.sh build): traces were NOT tested";
            assert!(std::env::var_os("CI").is_none(), "{missing}");
            eprintln!("{missing}");
            return None;
        }
        let program = String::from_utf8(found.stdout).expect("a path");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("collector-{}", unique().simple()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let address = free_address().to_string();
        std::fs::write(folder.join("settings.yaml"), settings(&address, &folder)).expect("a file");
        let process = Command::new("/bin/sh")
            .args(["-c", WITH_US, "sh", program.trim(), "--config"])
            .arg(folder.join("settings.yaml"))
            .stdin(Stdio::piped())
            .spawn()
            .expect("the collector starts");
        eventually(async || TcpStream::connect(&address).is_ok(), |listens| *listens).await;
        Some(Self { process, folder, endpoint: format!("http://{address}") })
    }

    /// Where it takes OTLP.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// All of it, as the collector wrote it.
    pub(super) fn received(&self) -> String {
        std::fs::read_to_string(self.folder.join("traces.json")).unwrap_or_default()
    }

    /// Every span.
    pub(super) fn spans(&self) -> Vec<Span> {
        let received = self.received();
        // The last line may still be written.
        let batches = received.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        batches.flat_map(|batch| list(&batch["resourceSpans"])).flat_map(|resource| spans_of(&resource)).collect()
    }

    /// The trace that the first such request began.
    pub(super) fn trace_begun_by(&self, request: &str) -> Trace {
        let spans = self.spans();
        let is_root = |span: &&Span| span.parent.is_empty() && span.name == request;
        let id = spans.iter().find(is_root).map(|root| root.trace.clone()).unwrap_or_default();
        Trace(spans.into_iter().filter(|span| span.trace == id).collect())
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        drop(self.process.wait());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

impl Span {
    fn attribute(&self, key: &str) -> Option<&Value> {
        self.attributes.iter().find(|attribute| attribute["key"] == key).map(|attribute| &attribute["value"])
    }

    pub(super) fn text(&self, key: &str) -> &str {
        self.attribute(key).and_then(|value| value["stringValue"].as_str()).unwrap_or_default()
    }

    pub(super) fn number(&self, key: &str) -> i64 {
        let number =
            self.attribute(key).and_then(|value| value["intValue"].as_str()).and_then(|text| text.parse().ok());
        number.unwrap_or_default()
    }
}

impl Trace {
    /// Whether a service has a span of a name as part of another.
    pub(super) fn has(&self, (service, name, parent): &(&str, &str, &str)) -> bool {
        let is_named = |span: &&Span| span.service == *service && span.name == *name;
        self.0.iter().filter(is_named).any(|span| self.by_id(&span.parent).map_or("", |above| &above.name) == *parent)
    }

    pub(super) fn span(&self, service: &str, name: &str) -> &Span {
        let found = self.0.iter().find(|span| span.service == service && span.name == name);
        found.expect(name)
    }

    /// The spans that are part of no other; a whole trace has one.
    pub(super) fn roots(&self) -> Vec<&Span> {
        self.0.iter().filter(|span| self.by_id(&span.parent).is_none()).collect()
    }

    fn by_id(&self, id: &str) -> Option<&Span> {
        self.0.iter().find(|span| span.id == id)
    }
}

fn settings(address: &str, folder: &Path) -> String {
    let file = folder.join("traces.json");
    format!(
        "receivers: {{otlp: {{protocols: {{http: {{endpoint: '{address}'}}}}}}}}\n\
         exporters: {{file: {{path: '{}', flush_interval: 100ms}}}}\n\
         service:\n  telemetry: {{metrics: {{level: none}}, logs: {{level: warn}}}}\n  \
         pipelines: {{traces: {{receivers: [otlp], exporters: [file]}}}}\n",
        file.display()
    )
}

fn spans_of(resource: &Value) -> Vec<Span> {
    let attributes = list(&resource["resource"]["attributes"]);
    let name = attributes.iter().find(|attribute| attribute["key"] == "service.name");
    let service = name.and_then(|name| name["value"]["stringValue"].as_str()).unwrap_or_default();
    let spans = list(&resource["scopeSpans"]).into_iter().flat_map(|scope| list(&scope["spans"]));
    spans.map(|span| read(service, &span)).collect()
}

fn read(service: &str, span: &Value) -> Span {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Span {
        service: service.to_owned(),
        name: text(&span["name"]),
        trace: text(&span["traceId"]),
        parent: text(&span["parentSpanId"]),
        links: list(&span["links"]).iter().map(|link| text(&link["traceId"])).collect(),
        id: text(&span["spanId"]),
        attributes: list(&span["attributes"]),
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
