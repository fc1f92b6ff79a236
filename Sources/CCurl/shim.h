#pragma once
#include <curl/curl.h>

// curl_easy_setopt is variadic; the parentheses avoid its macro, which checks only constants.
static inline CURLcode todo_curl_set_number(CURL *handle, CURLoption option, long value) {
    return (curl_easy_setopt)(handle, option, value);
}
// libcurl copies every text except the error buffer.
static inline CURLcode todo_curl_set_text(CURL *handle, CURLoption option, const char *value) {
    return (curl_easy_setopt)(handle, option, value);
}
static inline CURLcode todo_curl_set_error_buffer(CURL *handle, char *buffer) {
    return (curl_easy_setopt)(handle, CURLOPT_ERRORBUFFER, buffer);
}
// The caller owns the list, which must outlive the transfer.
static inline CURLcode todo_curl_set_headers(CURL *handle, struct curl_slist *headers) {
    return (curl_easy_setopt)(handle, CURLOPT_HTTPHEADER, headers);
}
static inline CURLcode todo_curl_set_writer(CURL *handle, curl_write_callback callback, void *context) {
    CURLcode code = (curl_easy_setopt)(handle, CURLOPT_WRITEFUNCTION, callback);
    return code != CURLE_OK ? code : (curl_easy_setopt)(handle, CURLOPT_WRITEDATA, context);
}
static inline CURLcode todo_curl_set_progress(CURL *handle, curl_xferinfo_callback callback, void *context) {
    CURLcode code = (curl_easy_setopt)(handle, CURLOPT_XFERINFOFUNCTION, callback);
    if (code == CURLE_OK) code = (curl_easy_setopt)(handle, CURLOPT_XFERINFODATA, context);
    return code != CURLE_OK ? code : (curl_easy_setopt)(handle, CURLOPT_NOPROGRESS, 0L);
}
// The one allowed scheme; its option was renamed in 7.85.
static inline CURLcode todo_curl_set_scheme(CURL *handle, int is_https) {
#if LIBCURL_VERSION_NUM >= 0x075500
    return (curl_easy_setopt)(handle, CURLOPT_PROTOCOLS_STR, is_https ? "https" : "http");
#else
    return (curl_easy_setopt)(handle, CURLOPT_PROTOCOLS, (long)(is_https ? CURLPROTO_HTTPS : CURLPROTO_HTTP));
#endif
}
static inline CURLcode todo_curl_status(CURL *handle, long *status) {
    return (curl_easy_getinfo)(handle, CURLINFO_RESPONSE_CODE, status);
}
// A macro of a cast, which Swift does not import.
static inline CURLcode todo_curl_global_init(void) {
    return curl_global_init(CURL_GLOBAL_DEFAULT);
}
