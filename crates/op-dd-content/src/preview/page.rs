use super::evidence::{Evidence, minute};
use super::markup::{Sentence, Text};
use super::number::{Numbers, things};
use super::{INVENTED, Signals, grid};
use crate::{Dashboard, Log, Widget};

/// A dashboard over logs, as a page.
#[derive(Debug)]
pub struct Page<'a> {
    dashboard: &'a Dashboard,
    logs: &'a [Log],
    signals: &'a Signals,
    remarks: Vec<String>,
}

const STYLE: &str = include_str!("page.css");

/// The tag of logs that Datadog wouldn't take at their own date.
const LATE: &str = "late:true";

impl<'a> Page<'a> {
    /// Of these logs and signals, over the time from the first log to the last.
    #[must_use]
    pub fn new(dashboard: &'a Dashboard, logs: &'a [Log], signals: &'a Signals) -> Self {
        Self {
            dashboard,
            logs,
            signals,
            remarks: Vec::new(),
        }
    }

    /// Adds a sentence that whoever looks at the page ought to know. What stands between backquotes is shown as code.
    #[must_use]
    pub fn remark(mut self, remark: impl Into<String>) -> Self {
        self.remarks.push(remark.into());
        self
    }

    /// The page.
    #[must_use]
    pub fn html(&self) -> String {
        let mut evidence = Evidence::new(self.dashboard, self.logs, self.signals);
        let head = self.head(&evidence);
        let widgets = grid::html(self.dashboard.json(), &mut evidence);
        let title = Text(self.dashboard.title());
        // The policy lets nothing in from anywhere, and no script run, even if one got in.
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title}</title><style>{STYLE}</style></head>\n<body>{head}<main>{widgets}</main>{}</body></html>\n",
            self.foot(),
        )
    }

    fn head(&self, evidence: &Evidence<'_>) -> String {
        let json = self.dashboard.json();
        let description = json.get("description").and_then(|text| text.as_str());
        // The mark by which the dashboard is known again says nothing to a reader.
        let description: Vec<&str> = description
            .unwrap_or_default()
            .lines()
            .filter(|line| !line.starts_with("Managed by op-dd:"))
            .collect();
        let description = description.join(" ");
        let numbers = Numbers::plain();
        let count = |number: usize| numbers.text(number as f64);
        let span = if self.logs.is_empty() {
            String::new()
        } else {
            format!(
                "<li><b>{}</b> to <b>{}</b> UTC</li>",
                minute(evidence.span.first),
                minute(evidence.span.last)
            )
        };
        let variables = self.dashboard.variables();
        let variables: String = variables
            .iter()
            .map(|(name, condition)| {
                let value = condition.split_once(':').map_or("*", |(_, value)| value);
                format!("<li><span>{}</span> {}</li>", Text(name), Text(value))
            })
            .collect();
        let remarks = self.own_remarks(evidence);
        let remarks: String = remarks
            .iter()
            .chain(&self.remarks)
            .map(|remark| format!("<li>{}</li>", Sentence(remark)))
            .collect();
        format!(
            "<header class=\"page\"><h1>{}</h1><p class=\"about\">{}</p>\
             <ul class=\"facts\"><li class=\"by\">Drawn by op-dd, not by Datadog</li><li><b>{}</b> {}</li>{span}</ul>\
             <ul class=\"variables\">{variables}</ul><ul class=\"remarks\">{remarks}</ul></header>",
            Text(self.dashboard.title()),
            Text(description.trim()),
            count(self.logs.len()),
            things(self.logs.len(), "log"),
        )
    }

    fn own_remarks(&self, evidence: &Evidence<'_>) -> Vec<String> {
        let mut remarks = Vec::new();
        let numbers = Numbers::plain();
        let tagged = |tag| match evidence.tagged(tag) {
            0 => None,
            count => Some((count, numbers.text(count as f64))),
        };
        if let Some((count, late)) = tagged(LATE) {
            let events = things(count, "event");
            remarks.push(format!(
                "What came late carries the date of sending, and charts show it there: {late} {events} (`{LATE}`)."
            ));
        }
        if let Some((_, invented)) = tagged(INVENTED) {
            remarks.push(format!(
                "{invented} of the logs are logs of other services, invented for the picture: widgets that show some \
                 say so."
            ));
        }
        if !self.signals.left_out().is_empty() && self.shows_signals() {
            let rules: Vec<String> = self
                .signals
                .left_out()
                .iter()
                .map(|name| format!("`{name}`"))
                .collect();
            remarks.push(format!(
                "Signals are simulated without these rules, which need watch lists or can't be tried here: {}.",
                rules.join(", ")
            ));
        }
        remarks
    }

    fn foot(&self) -> String {
        let own = if self.shows_signals() {
            "Searches, sums and signals"
        } else {
            "Searches and sums"
        };
        let widgets = self.dashboard.widgets();
        let credit = if widgets.iter().any(|widget| widget.kind() == "geomap") {
            "<p>Country shapes: Natural Earth, public domain, by way of world-atlas (ISC).</p>"
        } else {
            ""
        };
        format!(
            "<footer><p>Drawn from the very file that <code>op-dd content install</code> puts into Datadog. \
             {own} are op-dd's own reading of Datadog's: details may differ there.</p>{credit}</footer>"
        )
    }

    fn shows_signals(&self) -> bool {
        let widgets = self.dashboard.widgets();
        let mut searches = widgets.iter().flat_map(Widget::searches);
        searches.any(|search| search.data_source.starts_with("security_signals"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Content, Kind, WatchLists};

    fn log(name: &str) -> Log {
        let log = json!({
            "ddsource": "1password", "ddtags": "account:acme,feed:signinattempts", "status": name, "message": name,
            "timestamp": "2026-05-01T12:00:00Z", "usr": {"id": name, "name": name, "email": name},
            "evt": {"type": "1password-sign-in-attempts", "name": name, "outcome": format!("{name}_failed")},
            "network": {"client": {"ip": name, "geoip": {"country": {"iso_code": name}}}},
            "client": {"app_name": name, "app_version": name, "os_name": name},
        });
        Log::sent(&log.to_string()).unwrap()
    }

    fn page(dashboard: &str, logs: &[Log]) -> String {
        let dashboard = Dashboard::parse(dashboard).unwrap();
        Page::new(&dashboard, logs, &Signals::none()).html()
    }

    #[test]
    fn every_widget_of_ours_is_drawn_and_leads_nowhere() {
        let logs = [log("US"), log("SG"), log("nowhere")];
        for asset in Content::bundled().of(Kind::Dashboard) {
            let html = page(asset.text(), &logs);
            assert!(
                !html.contains("data-state=\"refused\""),
                "{}: {html}",
                asset.name()
            );
            for lead in ["<script", "href", "src=", "url(", "://", "@import", "<img"] {
                assert!(!html.contains(lead), "{}: {lead}", asset.name());
            }
        }
    }

    #[test]
    fn nothing_of_a_log_or_a_dashboard_is_markup() {
        let hostile = "</style></bdi><b onclick='x()'>\"";
        let html = page(
            &Content::bundled()
                .find("1password-overview")
                .unwrap()
                .text()
                .replace("Most frequent events", "<b onclick>"),
            &[log(hostile)],
        );
        assert!(
            html.contains("&lt;/style&gt;&lt;/bdi&gt;&lt;b onclick=&#39;x()&#39;&gt;&quot;"),
            "{html}"
        );
        assert!(html.contains("&lt;b onclick&gt;"), "{html}");
        assert!(!html.contains("<b onclick"), "{html}");
        assert_eq!(html.matches("</style>").count(), 1);
    }

    #[test]
    fn a_page_of_no_logs_says_so_everywhere() {
        let html = page(
            Content::bundled()
                .find("1password-overview")
                .unwrap()
                .text(),
            &[],
        );
        assert!(html.contains("<b>0</b> logs"), "{html}");
        assert!(
            html.contains("No log matches <code>source:1password"),
            "{html}"
        );
    }

    #[test]
    fn a_page_speaks_of_what_is_on_it_only() {
        let late = r#"{"ddtags": "late:true", "timestamp": "2026-05-01T12:00:00Z"}"#;
        let words = [
            "Natural Earth",
            "sums and signals",
            "1</b> log<",
            "charts show it there: 1 event (<code>late:true</code>)",
        ];
        let has = |html: &str| words.map(|words| html.contains(words));
        let bundled = Content::bundled();
        let overview = bundled.find("1password-overview").unwrap().text();
        let html = page(overview, &[Log::sent(late).unwrap()]);
        assert_eq!(has(&html), [true; 4], "{html}");
        let html = page(r#"{"title": "T", "widgets": []}"#, &[log("US"), log("SG")]);
        assert_eq!(has(&html), [false; 4], "{html}");

        let lists = WatchLists::default();
        let signals = Signals::simulated(&bundled, &[], &lists);
        let left_out = |text: &str| {
            let dashboard = Dashboard::parse(text).unwrap();
            let html = Page::new(&dashboard, &[], &signals).html();
            html.contains("Signals are simulated without these rules")
        };
        assert!(left_out(overview));
        assert!(!left_out(r#"{"title": "T", "widgets": []}"#));
    }

    #[test]
    fn what_is_not_drawn_says_so() {
        let widget = |definition: serde_json::Value| {
            let dashboard = json!({"title": "T", "widgets": [{"definition": definition}]});
            page(&dashboard.to_string(), &[log("US")])
        };
        let html = widget(json!({"type": "heatmap", "title": "Heat"}));
        assert!(
            html.contains("a widget of the type <code>heatmap</code> isn&#39;t drawn here"),
            "{html}"
        );
        let html = widget(json!({"type": "query_value", "requests": {"fill": 1}}));
        assert!(html.contains("Not drawn by op-dd: its requests"), "{html}");
        let html = widget(json!({"type": "toplist", "requests": []}));
        assert!(html.contains("it has no request"), "{html}");
    }
}
