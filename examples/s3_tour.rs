//! A tour of the S3 client from Rust; the environment says where the store is.
//!
//! `S3_ENDPOINT=… S3_BUCKET=… cargo run --no-default-features --example s3_tour`

use s3_valkey::s3::{
    PresignOptions, PutOptions, S3Client, S3Credentials, S3CredentialsWithOptions, S3File,
    S3ListObjectsOptions,
};

#[tokio::main]
async fn main() -> s3_valkey::Result<()> {
    let client = S3Client::new(S3CredentialsWithOptions {
        credentials: S3Credentials::from_env(|name| std::env::var(name).ok()),
        ..S3CredentialsWithOptions::default()
    });

    let file = S3File::new(client.clone(), "tour/hello.json");
    file.write(br#"{"hello":"world"}"#).await?;
    println!("text     {}", file.text().await?);
    println!("json     {:?}", file.json::<serde_json::Value>().await?);
    println!("slice    {}", file.slice(2, 7).text().await?);
    println!("stat     {:?}", file.stat().await?);
    println!("exists   {}", file.exists().await?);
    println!(
        "presign  {}",
        client
            .presign("tour/hello.json", &PresignOptions::default())?
            .len()
    );

    let mut upload = client.multipart("tour/large.bin", PutOptions::default());
    for _ in 0..12 {
        upload.write(vec![7; 1 << 20].into()).await?;
    }
    println!("upload   {} bytes", upload.finish().await?);
    let mut body = client.get("tour/large.bin", None).await?;
    let mut length = 0;
    while let Some(chunk) = body.next_chunk().await {
        length += chunk?.len();
    }
    println!("download {length} bytes");

    let options = S3ListObjectsOptions {
        prefix: Some("tour/".into()),
        ..S3ListObjectsOptions::default()
    };
    for object in client.list_objects(&options).await?.contents {
        println!("list     {} {:?}", object.key, object.size);
        client.delete(&object.key).await?;
    }
    match file.text().await {
        Err(error) => println!("error    {} {error}", error.code()),
        Ok(text) => println!("unexpected {text}"),
    }
    Ok(())
}
