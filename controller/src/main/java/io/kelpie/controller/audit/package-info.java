/** What operators have asked for, on disk before it is done. */
package io.kelpie.controller.audit;
