//! The same input gives the same bytes, whatever the order of files and the number of threads.

use k8sready::report::{Format, Report, SourceText, Style, write};
use k8sready::vocabulary::SourceId;

struct NoTexts;

impl SourceText for NoTexts {
    fn line(&self, _: SourceId, _: usize) -> Option<&str> {
        None
    }
    fn text(&self, _: SourceId) -> Option<&str> {
        None
    }
}

fn json(report: &Report) -> String {
    let mut bytes = Vec::new();
    write(Format::Json, report, &NoTexts, &Style::default(), &mut bytes).expect("memory does not fail");
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

#[test]
fn order_of_files_and_threads_do_not_show() {
    let mut files = crate::common::shop();
    files.extend(crate::common::folder("fixtures/rules/workload"));
    let expected = json(&crate::common::audit(&files, &["--profile", "strict"]).report);
    assert!(expected.contains("\"fail\""), "the input has findings");
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        for rotation in [1, 3, 7] {
            let mut shuffled = files.clone();
            shuffled.rotate_left(rotation % files.len());
            shuffled.reverse();
            let got = pool.install(|| json(&crate::common::audit(&shuffled, &["--profile", "strict"]).report));
            assert_eq!(got, expected, "{threads} threads, rotated by {rotation}");
        }
    }
}
