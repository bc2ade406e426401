//! The XML documents of S3, read and written. Pure; what is malformed is an error, never a panic.

mod walk;

use std::borrow::Cow;

use quick_xml::escape::escape;

use super::checksum::ChecksumAlgorithm;
use super::op::multipart::Part;
pub use walk::{Visitor, walk};

/// An element with its text and its children, in the document's order.
///
/// It borrows what stands in the document as it is meant.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Element<'a> {
    /// Local name, without a namespace prefix.
    pub name: &'a str,
    /// Text directly inside, entities decoded.
    pub text: Cow<'a, str>,
    /// Elements directly inside.
    pub children: Vec<Element<'a>>,
}

impl<'a> Element<'a> {
    /// Parses a whole document; `None` when it is not well-formed, too deep or of too many elements.
    #[must_use]
    pub fn parse(document: &'a [u8]) -> Option<Self> {
        let mut tree = Tree::default();
        walk(document, &mut tree)?;
        tree.root
    }

    /// The first child of this name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of this name.
    #[must_use]
    pub fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| &*child.text)
    }

    /// All children of this name.
    pub fn children<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b Self> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

/// Builds elements.
#[derive(Default)]
struct Tree<'a> {
    open: Vec<Element<'a>>,
    root: Option<Element<'a>>,
}

impl<'a> Visitor<'a> for Tree<'a> {
    fn open(&mut self, name: &'a str) {
        self.open.push(Element {
            name,
            ..Element::default()
        });
    }

    fn text(&mut self) -> Option<&mut Cow<'a, str>> {
        self.open.last_mut().map(|element| &mut element.text)
    }

    fn close(&mut self) {
        let element = self.open.pop();
        match self.open.last_mut() {
            Some(parent) => parent.children.extend(element),
            None => self.root = element,
        }
    }
}

/// The body that completes a multipart upload: part numbers with their `ETags` and sums, ascending.
#[must_use]
pub fn complete_multipart_upload(parts: &[Part], algorithm: Option<ChecksumAlgorithm>) -> String {
    let algorithm = algorithm.filter(|algorithm| algorithm.is_kept());
    let mut body =
        String::from("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for part in parts {
        body.push_str("<Part><PartNumber>");
        body.push_str(&part.number.to_string());
        body.push_str("</PartNumber><ETag>");
        body.push_str(&escape(part.etag.as_str()));
        body.push_str("</ETag>");
        if let (Some(algorithm), Some(sum)) = (algorithm, &part.checksum) {
            let (name, sum) = (algorithm.element(), &sum.text);
            body.extend(["<", name, ">", sum, "</", name, ">"]);
        }
        body.push_str("</Part>");
    }
    body.push_str("</CompleteMultipartUpload>");
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "<?xml version=\"1.0\"?>\n<!-- c --><s3:Error xmlns:s3=\"x\"><Code>A &amp; B&#33;</Code>\
        <Message><![CDATA[<raw>]]></Message><Empty/></s3:Error>\n";

    #[test]
    fn text_entities_and_cdata() {
        let error = Element::parse(DOCUMENT.as_bytes()).unwrap();
        assert_eq!(error.name, "Error");
        assert_eq!(error.child_text("Code"), Some("A & B!"));
        assert_eq!(error.child_text("Message"), Some("<raw>"));
        assert_eq!(error.child_text("Empty"), Some(""));
        assert_eq!(error.child_text("None"), None);
    }

    #[test]
    fn what_surrounds_elements_and_what_looks_like_tags() {
        let document = "\u{feff}<?pi <a> ?><n:a b='>' c=\"'/>\"><!-- <b> -- > --><b\t/><b\n>1<c/>2</b ></n:a> ";
        let root = Element::parse(document.as_bytes()).unwrap();
        assert_eq!((root.name, root.children.len()), ("a", 2));
        assert_eq!(root.children[1].text, "12");
        assert_eq!(
            Element::parse(b"<a>&#x41;&#66;&apos;</a>").unwrap().text,
            "AB'"
        );
        for document in [
            "<a b='>",
            "<n:a></a>",
            "<a>&#+1;</a>",
            "<a>&#x;</a>",
            "<a>&#0;</a>",
            "<a>& </a>",
            "<></>",
            "<a><![CDATA[</a>",
            "<![CDATA[x]]><a/>",
            "\u{feff}\u{feff}<a/>",
        ] {
            assert_eq!(Element::parse(document.as_bytes()), None, "{document}");
        }
    }

    #[test]
    fn a_truncated_document_is_none() {
        let end = DOCUMENT.trim_end().len();
        for end in 0..end {
            assert_eq!(Element::parse(&DOCUMENT.as_bytes()[..end]), None, "{end}");
        }
    }

    #[test]
    fn hostile_documents_are_none() {
        let deep = "<a>".repeat(100_000);
        for document in [
            &*deep,
            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
            "<a>&unknown;</a>",
            "<a></b>",
            "<a/><b/>",
            "text",
            "<a>&#xD800;</a>",
            "\u{0}",
        ] {
            assert_eq!(Element::parse(document.as_bytes()), None, "{document:.40}");
        }
        assert_eq!(Element::parse(b"<a>\xff</a>"), None);
    }

    #[test]
    fn large_documents() {
        let document = |element: &str, count| format!("<a>{}</a>", element.repeat(count));
        // 50 MiB of objects, and of what is nothing but elements.
        let long = document(
            &format!("<Contents><Key>{}</Key></Contents>", "k".repeat(5000)),
            10_000,
        );
        let root = Element::parse(long.as_bytes()).unwrap();
        assert_eq!(root.children.len(), 10_000);
        assert!(Element::parse(document("<b/>", walk::MAX_ELEMENTS - 1).as_bytes()).is_some());
        assert!(Element::parse(document("<b/>", walk::MAX_ELEMENTS).as_bytes()).is_none());
        assert!(Element::parse(document("&#65;", 1_000_000).as_bytes()).is_some());
    }

    #[test]
    fn parts_have_their_sums() {
        let algorithm = ChecksumAlgorithm::Crc32;
        let part = Part {
            checksum: Some(algorithm.of(&[])),
            ..Part::new(2, "e".into())
        };
        let sum = "<ETag>e</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part>";
        let parts = [part];
        assert!(complete_multipart_upload(&parts, Some(algorithm)).contains(sum));
        for algorithm in [None, Some(ChecksumAlgorithm::Md5)] {
            assert!(!complete_multipart_upload(&parts, algorithm).contains("Checksum"));
        }
    }

    #[test]
    fn etags_are_escaped() {
        let part = Part::new(1, "\"a<b\"".into());
        let body = complete_multipart_upload(&[part], None);
        assert!(body.contains("<ETag>&quot;a&lt;b&quot;</ETag></Part>"));
        assert!(Element::parse(body.as_bytes()).is_some());
    }
}
