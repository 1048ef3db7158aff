// libcurl. curl_easy_setopt and curl_easy_getinfo are variadic, which Swift
// cannot call, so each argument type has an inline wrapper.
#pragma once
#include <curl/curl.h>
static inline CURLcode hub_curl_set_string(CURL *h, CURLoption o, const char *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode hub_curl_set_long(CURL *h, CURLoption o, long v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode hub_curl_set_offset(CURL *h, CURLoption o, curl_off_t v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode hub_curl_set_pointer(CURL *h, CURLoption o, void *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode hub_curl_set_list(CURL *h, CURLoption o, struct curl_slist *v) { return curl_easy_setopt(h, o, v); }
typedef size_t (*hub_curl_data_callback)(char *, size_t, size_t, void *);
static inline CURLcode hub_curl_set_data_callback(CURL *h, CURLoption o, hub_curl_data_callback v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode hub_curl_get_long(CURL *h, CURLINFO i, long *v) { return curl_easy_getinfo(h, i, v); }
static inline CURLcode hub_curl_set_progress_callback(CURL *h, CURLoption o, curl_xferinfo_callback v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode hub_curl_get_certificates(CURL *h, struct curl_certinfo **v) { return curl_easy_getinfo(h, CURLINFO_CERTINFO, v); }
