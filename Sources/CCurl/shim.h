// libcurl, bound when it is first used.
//
// Debian's libcurl brings thirty libraries with it (GnuTLS for RTMP, Kerberos, LDAP, …) and some of
// them work as soon as they are loaded: four megabytes for a hub whose sinks are files, and most of
// its start. So the programs do not name it among the libraries they need; the first sink with a URL
// loads it (dlopen(3)). The compiler still checks each call against libcurl's own header, and each
// function says so when the library is not there: see hub_curl_is_there().
//
// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call, so each argument
// type has a function of its own.
#pragma once
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdbool.h>

static inline void *hub_curl_find(const char *name) {
    // Loading twice gives the same library, so two threads that come here at once do no harm.
    static void *library;
    if (!library) library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    return library ? dlsym(library, name) : NULL;
}

// Calls a function of libcurl with its own type; without the library the result is `missing`.
#define HUB_CURL(missing, function, ...)                                             \
    ({                                                                               \
        __typeof__(&function) bound = (__typeof__(&function))hub_curl_find(#function); \
        bound ? bound(__VA_ARGS__) : (missing);                                      \
    })
#define HUB_CURL_VOID(function, ...)                                                 \
    do {                                                                             \
        __typeof__(&function) bound = (__typeof__(&function))hub_curl_find(#function); \
        if (bound) bound(__VA_ARGS__);                                               \
    } while (0)

// Whether libcurl.so.4 can be loaded.
static inline bool hub_curl_is_there(void) { return hub_curl_find("curl_easy_init") != NULL; }

static inline CURLcode hub_curl_global_init(long flags) { return HUB_CURL(CURLE_FAILED_INIT, curl_global_init, flags); }
static inline time_t hub_curl_getdate(const char *text) { return HUB_CURL(-1, curl_getdate, text, NULL); }
static inline void hub_curl_free(void *memory) { HUB_CURL_VOID(curl_free, memory); }

static inline CURLU *hub_curl_url(void) { return HUB_CURL(NULL, curl_url); }
static inline void hub_curl_url_cleanup(CURLU *url) { HUB_CURL_VOID(curl_url_cleanup, url); }
static inline CURLUcode hub_curl_url_set(CURLU *url, CURLUPart part, const char *text, unsigned flags) { return HUB_CURL(CURLUE_OUT_OF_MEMORY, curl_url_set, url, part, text, flags); }
static inline CURLUcode hub_curl_url_get(CURLU *url, CURLUPart part, char **text, unsigned flags) { return HUB_CURL(CURLUE_OUT_OF_MEMORY, curl_url_get, url, part, text, flags); }

static inline struct curl_slist *hub_curl_slist_append(struct curl_slist *list, const char *text) { return HUB_CURL(NULL, curl_slist_append, list, text); }
static inline void hub_curl_slist_free_all(struct curl_slist *list) { HUB_CURL_VOID(curl_slist_free_all, list); }

static inline CURL *hub_curl_easy_init(void) { return HUB_CURL(NULL, curl_easy_init); }
static inline void hub_curl_easy_cleanup(CURL *h) { HUB_CURL_VOID(curl_easy_cleanup, h); }
static inline CURLcode hub_curl_easy_perform(CURL *h) { return HUB_CURL(CURLE_FAILED_INIT, curl_easy_perform, h); }
static inline const char *hub_curl_easy_strerror(CURLcode code) { return HUB_CURL("libcurl.so.4 is missing", curl_easy_strerror, code); }

static inline CURLcode hub_curl_set_string(CURL *h, CURLoption o, const char *v) { return HUB_CURL(CURLE_FAILED_INIT, curl_easy_setopt, h, o, v); }
static inline CURLcode hub_curl_set_long(CURL *h, CURLoption o, long v) { return HUB_CURL(CURLE_FAILED_INIT, curl_easy_setopt, h, o, v); }
static inline CURLcode hub_curl_set_offset(CURL *h, CURLoption o, curl_off_t v) { return HUB_CURL(CURLE_FAILED_INIT, curl_easy_setopt, h, o, v); }
static inline CURLcode hub_curl_set_pointer(CURL *h, CURLoption o, void *v) { return HUB_CURL(CURLE_FAILED_INIT, curl_easy_setopt, h, o, v); }
static inline CURLcode hub_curl_set_list(CURL *h, CURLoption o, struct curl_slist *v) { return HUB_CURL(CURLE_FAILED_INIT, curl_easy_setopt, h, o, v); }
typedef size_t (*hub_curl_data_callback)(char *, size_t, size_t, void *);
static inline CURLcode hub_curl_set_data_callback(CURL *h, CURLoption o, hub_curl_data_callback v) { return HUB_CURL(CURLE_FAILED_INIT, curl_easy_setopt, h, o, v); }
static inline CURLcode hub_curl_set_progress_callback(CURL *h, CURLoption o, curl_xferinfo_callback v) { return HUB_CURL(CURLE_FAILED_INIT, curl_easy_setopt, h, o, v); }
static inline CURLcode hub_curl_get_long(CURL *h, CURLINFO i, long *v) { return HUB_CURL(CURLE_FAILED_INIT, curl_easy_getinfo, h, i, v); }
static inline CURLcode hub_curl_get_certificates(CURL *h, struct curl_certinfo **v) { return HUB_CURL(CURLE_FAILED_INIT, curl_easy_getinfo, h, CURLINFO_CERTINFO, v); }

// Bytes over a connection that was made with CURLOPT_CONNECT_ONLY, for protocols that libcurl does not speak.
static inline CURLcode hub_curl_easy_send(CURL *h, const void *bytes, size_t count, size_t *sent) { return HUB_CURL(CURLE_FAILED_INIT, curl_easy_send, h, bytes, count, sent); }
static inline CURLcode hub_curl_easy_recv(CURL *h, void *bytes, size_t room, size_t *count) { return HUB_CURL(CURLE_FAILED_INIT, curl_easy_recv, h, bytes, room, count); }
static inline CURLcode hub_curl_set_debug_callback(CURL *h, CURLoption o, curl_debug_callback v) { return HUB_CURL(CURLE_FAILED_INIT, curl_easy_setopt, h, o, v); }
static inline CURLcode hub_curl_get_socket(CURL *h, curl_socket_t *socket) { return HUB_CURL(CURLE_FAILED_INIT, curl_easy_getinfo, h, CURLINFO_ACTIVESOCKET, socket); }
